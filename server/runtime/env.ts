import "server-only";
import { isIP } from "node:net";
import { z } from "zod";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import { DatabaseUrlError } from "@/db/database-url-parameters.mjs";
import { isLocalHost, isLoopbackHost } from "./loopback-host";
import { toMailServer, toSender } from "./mail-variables";

/** Decimal digits only: JavaScript would also accept "1e3", "0x10" and " 600 ". */
const integer = (min: number, max: number, fallback: number, unit = "") => {
  const error = `must be an integer from ${min} to ${max}${unit}, written in decimal digits`;
  return z
    .string()
    .regex(/^(0|[1-9]\d{0,11})$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error })
    .default(fallback);
};
const seconds = (max: number, fallback: number) => integer(1, max, fallback, " (seconds)");
const DAY_SECONDS = 86_400;
/** Browsers keep a cookie for at most 400 days, and date columns have a maximum. */
const MAX_SESSION_SECONDS = 400 * DAY_SECONDS;
const flag = (fallback: boolean) =>
  z
    .enum(["true", "false"], { error: "must be true or false" })
    .default(fallback ? "true" : "false")
    .transform((value) => value === "true");
/** With the longest of the other claims a token stays below its limit of 2 kB. */
const MAX_AUDIENCE_CHARACTERS = 200;
const secret = z.string().min(32, { error: "must have at least 32 characters" });

const FACTOR_MESSAGE = "must be a number from 0.1 to 1000000, written in decimal digits";

const variables = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  DATABASE_URL: z.string().superRefine(checkDatabaseUrl),
  APP_ORIGIN: z.string().transform(toOrigin),
  SESSION_SECRET: secret,
  SESSION_SECRET_PREVIOUS: secret.optional(),
  JWT_ACCESS_SECRET: secret,
  JWT_ACCESS_SECRET_PREVIOUS: secret.optional(),
  ENCRYPTION_SECRET: secret,
  ENCRYPTION_SECRET_PREVIOUS: secret.optional(),
  ACCESS_TOKEN_SECONDS: seconds(DAY_SECONDS, 600),
  REFRESH_BEFORE_EXPIRY_SECONDS: seconds(DAY_SECONDS, 60),
  REFRESH_GRACE_SECONDS: seconds(3600, 30),
  REFRESH_TOKEN_SECONDS: seconds(MAX_SESSION_SECONDS, 604_800),
  SESSION_MAX_SECONDS: seconds(MAX_SESSION_SECONDS, 2_592_000),
  IP_VALIDATION: flag(true),
  AGENT_VALIDATION: flag(true),
  TRUSTED_PROXY_HOPS: integer(0, 10, 0),
  PASSWORD_MIN_LENGTH: integer(8, 64, 10),
  RATE_LIMIT_FACTOR: z
    .string()
    .regex(/^(0|[1-9]\d{0,6})(\.\d{1,6})?$/, { error: FACTOR_MESSAGE })
    .transform(Number)
    .refine((value) => value >= 0.1 && value <= 1_000_000, { error: FACTOR_MESSAGE })
    .default(1),
  REQUIRE_VERIFIED_EMAIL: flag(false),
  CORS_ORIGINS: z.string().default("").transform(toOrigins),
  API_AUDIENCES: z.string().default("").transform(toAudiences),
  LOG_LEVEL: z.enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
  HOST: z
    .string()
    .transform((value) => value.replace(/^\[(.*)\]$/, "$1"))
    .refine((value) => value === "localhost" || isIP(value) !== 0, {
      error: "must be localhost or an IP address such as 127.0.0.1, 0.0.0.0 or ::",
    })
    .optional(),
  PORT: integer(0, 65_535, 3000),
  SMTP_URL: z.string().transform(toMailServer).optional(),
  MAIL_FROM: z.string().transform(toSender).optional(),
  MAIL: z.literal("off", { error: "must be off, or empty" }).optional(),
  /** Set by the scripts of this repository where mails may be written to files. Not for deployments, so not in .env.example. */
  PORTCULLIS_MAIL_FOLDER: z.string().optional(),
});

/** Every secret that verifies tokens or decrypts: a published value is as dangerous as a previous secret as it is as the current one. */
const SECRETS = [
  "SESSION_SECRET",
  "JWT_ACCESS_SECRET",
  "ENCRYPTION_SECRET",
  "SESSION_SECRET_PREVIOUS",
  "JWT_ACCESS_SECRET_PREVIOUS",
  "ENCRYPTION_SECRET_PREVIOUS",
] as const;

/** Prefix of the secrets in .env.example. */
const SAMPLE_SECRET = "example-only";

export type Env = z.output<typeof variables>;

/** Validates the variables. Throws one Error that names every invalid variable, one per line. An empty value counts as missing. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const problems: string[] = [];
  const valid: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(variables.shape)) {
    const given = source[name] === "" ? undefined : source[name];
    const parsed = schema.safeParse(given);
    if (parsed.success) valid[name] = parsed.data;
    else problems.push(`${name} ${given === undefined ? "is missing" : parsed.error.issues[0]?.message}`);
  }
  // Contradictions between the valid variables are reported together with the invalid ones.
  problems.push(...contradictions(valid), ...mailProblems(source, valid));
  if (problems.length > 0) {
    throw new Error(`Invalid configuration:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
  return valid as Env;
}

let cachedEnv: Env | undefined;

/** The variables of this process, parsed at the first call. Throws if one is invalid. */
export function env(): Env {
  return (cachedEnv ??= parseEnv(process.env));
}

function contradictions(given: Partial<Env>): string[] {
  const problems: string[] = [];
  const refuse = (isWrong: boolean, problem: string) => isWrong && problems.push(problem);

  const isSample = (value: string | undefined) => value?.startsWith(SAMPLE_SECRET) ?? false;
  for (const name of SECRETS) {
    refuse(
      given.NODE_ENV === "production" && isSample(given[name]),
      `${name} is the published sample value: generate a secret of your own`,
    );
  }
  const secrets = SECRETS.map((name) => given[name]).filter((value) => value !== undefined);
  refuse(
    new Set(secrets).size !== secrets.length,
    "SESSION_SECRET, JWT_ACCESS_SECRET, ENCRYPTION_SECRET and their *_PREVIOUS must all differ",
  );
  type Seconds = Extract<keyof Env, `${string}_SECONDS`>;
  const isAtLeast = (one: Seconds, other: Seconds) => (given[one] ?? NaN) >= (given[other] ?? NaN);
  for (const [one, other] of [
    ["REFRESH_BEFORE_EXPIRY_SECONDS", "ACCESS_TOKEN_SECONDS"],
    ["REFRESH_GRACE_SECONDS", "ACCESS_TOKEN_SECONDS"],
    ["ACCESS_TOKEN_SECONDS", "REFRESH_TOKEN_SECONDS"],
  ] as const) {
    refuse(isAtLeast(one, other), `${one} (${given[one]}) must be less than ${other} (${given[other]})`);
  }
  refuse(
    (given.REFRESH_TOKEN_SECONDS ?? NaN) > (given.SESSION_MAX_SECONDS ?? NaN),
    `REFRESH_TOKEN_SECONDS (${given.REFRESH_TOKEN_SECONDS}) must not exceed SESSION_MAX_SECONDS (${given.SESSION_MAX_SECONDS})`,
  );
  refuse(given.MAIL === "off" && given.SMTP_URL !== undefined, "MAIL is off, but SMTP_URL is set: remove one of them");
  refuse(
    given.MAIL === "off" && given.REQUIRE_VERIFIED_EMAIL === true,
    "REQUIRE_VERIFIED_EMAIL is true, but MAIL is off: without mail no address can be verified",
  );
  return problems;
}

/** Mail needs a server and a sender. Neither means files on the developer's machine; in production it must be decided. */
function mailProblems(source: Record<string, string | undefined>, given: Partial<Env>): string[] {
  const needed = ["SMTP_URL", "MAIL_FROM"] as const;
  const missing = needed.filter((name) => (source[name] ?? "") === "");
  const isInvalid = needed.some((name) => !missing.includes(name) && given[name] === undefined);
  if (given.MAIL === "off" || isInvalid || missing.length === 0) return [];
  if (missing.length === 1)
    return [`${missing[0]} is missing: mail needs SMTP_URL and MAIL_FROM, or neither of them and MAIL=off`];
  const mayUseFiles =
    given.NODE_ENV !== "production" || (given.PORTCULLIS_MAIL_FOLDER !== undefined && isLocalOrigin(given.APP_ORIGIN));
  return mayUseFiles ? [] : ["SMTP_URL and MAIL_FROM are missing: set both, or MAIL=off to run without mail"];
}

function checkDatabaseUrl(value: string, context: z.RefinementCtx): void {
  try {
    parseDatabaseUrl(value);
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error;
    context.addIssue({ code: "custom", message: error.message.replace(/^DATABASE_URL /, "") });
  }
}

/** Whether only browsers on this machine can use the app: mails in files contain links to accounts. */
function isLocalOrigin(origin: string | undefined): boolean {
  return origin !== undefined && isLocalHost(new URL(origin).hostname);
}

function toOrigin(value: string, context: z.RefinementCtx): string {
  const url = URL.parse(value);
  const isLoopback = url !== null && isLoopbackHost(url.hostname);
  if (url === null || url.origin !== value.replace(/\/$/, "")) {
    context.addIssue({ code: "custom", message: "must be an origin such as https://app.example.com" });
    return z.NEVER;
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    context.addIssue({ code: "custom", message: "must be https, except on this machine" });
    return z.NEVER;
  }
  return url.origin;
}

function toOrigins(value: string, context: z.RefinementCtx): string[] {
  return entriesOf(value).map((origin) => toOrigin(origin, context));
}

/** As written: an audience is compared by its characters (RFC 9068, section 4; RFC 8707, section 2). */
function toAudiences(value: string, context: z.RefinementCtx): string[] {
  const audiences = entriesOf(value);
  if (
    audiences.some(
      (one) => one.length > MAX_AUDIENCE_CHARACTERS || !/^https?:\/\/[!-~]+$/.test(one) || one.includes("#"),
    )
  )
    context.addIssue({
      code: "custom",
      message: "must be URLs of services, such as https://billing.example.com, separated by commas",
    });
  return audiences;
}

function entriesOf(value: string): string[] {
  return value
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
