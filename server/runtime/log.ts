import "server-only";
import { pino, stdTimeFunctions, type Logger } from "pino";
import { LogWriter, openStandardOutput } from "./log-writer";
import { logFieldsOf, requestState } from "./request-state";

/** Names under which a secret could reach a log line by mistake, at the top or one level down. */
const SECRET_NAMES = [
  "password",
  "currentPassword",
  "newPassword",
  "passwordHash",
  "cookie",
  "cookies",
  "setCookies",
  '["set-cookie"]',
  "authorization",
  "token",
  "accessToken",
  "refreshToken",
  "nonce",
  "currentNonce",
  "previousNonce",
];

const JWT_PATTERN = /eyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;
const MAX_CAUSES = 4;

// Middleware, routes and the entry are separate bundles of one process: the entry sets the level for all of them.
const LOG = Symbol.for("portcullis.log");
const shared = globalThis as typeof globalThis & { [LOG]?: Logger };

/** Writes JSON lines to standard output. Request id, session id and user id are added by themselves. */
export const log: Logger = (shared[LOG] ??= createLog());

export function createLog(destination: { write(line: string): void } = standardOutput()): Logger {
  return pino(
    {
      base: undefined,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => logFieldsOf(requestState.getStore()),
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, name.startsWith("[") ? `*${name}` : `*.${name}`]) },
      serializers: { err: serializeError },
      hooks: { streamWrite: redactTokens },
    },
    destination,
  );
}

function standardOutput(): LogWriter {
  const writer = new LogWriter(openStandardOutput());
  process.on("exit", () => writer.flushSync());
  return writer;
}

/** Drivers hang the whole statement with its values on their errors, so only what is named here is written. */
function serializeError(error: unknown, causes = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  const { code, digest } = error as Error & { code?: unknown; digest?: unknown };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
    ...(digest === undefined ? {} : { digest }),
    ...(error.cause === undefined || causes >= MAX_CAUSES ? {} : { cause: serializeError(error.cause, causes + 1) }),
  };
}

function redactTokens(line: string): string {
  return line.includes("eyJ") ? line.replace(JWT_PATTERN, "[token]") : line;
}
