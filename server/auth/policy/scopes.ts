/** What a bearer token may be used for. A procedure states its scope in `procedures.ts`; without one it takes cookies only. */
export const SCOPES = ["profile:read", "profile:write", "sessions:read", "sessions:write"] as const;

export type Scope = (typeof SCOPES)[number];
