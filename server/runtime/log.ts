import "server-only";
import { pino, stdTimeFunctions, type Logger } from "pino";
import { LogWriter, openStandardOutput } from "./log-writer";
import { logFieldsOf, requestState } from "./request-state";

/** Fields redacted at the top level and one level below, in case a secret is logged by mistake. */
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

// Middleware, routes and the entry are separate bundles of one process and share the logger, whose level the entry sets.
const LOG = Symbol.for("portcullis.log");
const shared = globalThis as typeof globalThis & { [LOG]?: Logger };

/** Writes JSON lines to standard output. Adds request id, session id and user id. */
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

/** Only these fields are written: database drivers attach the statement with its values to their errors. */
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
