import { TRPC } from "./routes";

/** What has to be known of a procedure before it runs. */
export interface ProcedureFacts {
  access: "public" | "signed-in";
  /** May share an HTTP request with other calls. Admission to hashing and the limits count requests, not calls. */
  batch: boolean;
  hashesPassword: boolean;
}

/** Every procedure of the router. One that hashes, changes credentials, or opens or ends sessions is called alone. */
export const PROCEDURES: Readonly<Record<string, ProcedureFacts>> = {
  "auth.register": { access: "public", batch: false, hashesPassword: true },
  "auth.login": { access: "public", batch: false, hashesPassword: true },
  "auth.refresh": { access: "public", batch: false, hashesPassword: false },
  "auth.logout": { access: "public", batch: false, hashesPassword: false },
  "auth.logoutAll": { access: "signed-in", batch: false, hashesPassword: false },
  "auth.session": { access: "signed-in", batch: true, hashesPassword: false },
  "users.me": { access: "signed-in", batch: true, hashesPassword: false },
  "users.update": { access: "signed-in", batch: true, hashesPassword: false },
  "users.changePassword": { access: "signed-in", batch: false, hashesPassword: true },
  "sessions.list": { access: "signed-in", batch: true, hashesPassword: false },
  "sessions.revoke": { access: "signed-in", batch: false, hashesPassword: false },
  "sessions.revokeOthers": { access: "signed-in", batch: false, hashesPassword: false },
};

/** Null for a name that is no procedure, such as "constructor". */
export function procedureFacts(name: string): ProcedureFacts | null {
  return Object.hasOwn(PROCEDURES, name) ? PROCEDURES[name]! : null;
}

/**
 * The names in the path of a call, read as tRPC reads them: one slash at the end is dropped, then percent-encoding is decoded.
 * Null where it cannot be.
 */
export function proceduresIn(path: string): string[] | null {
  if (!path.startsWith(`${TRPC}/`)) return [];
  try {
    return decodeURIComponent(path.slice(TRPC.length + 1).replace(/\/$/, "")).split(",");
  } catch {
    return null;
  }
}
