import "server-only";
import { z } from "zod";

const seconds = (otherwise: number) => z.coerce.number().int().positive().default(otherwise);
const flag = (otherwise: boolean) =>
  z
    .enum(["true", "false"], { error: "must be true or false" })
    .default(otherwise ? "true" : "false")
    .transform((value) => value === "true");
const secret = z.string().min(32, { error: "must have at least 32 characters" });

const variables = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  DATABASE_URL: z.string().regex(/^mysql:\/\//, { error: "must be a mysql:// address" }),
  APP_ORIGIN: z.string().transform(toOrigin),
  SESSION_SECRET: secret,
  SESSION_SECRET_PREVIOUS: secret.optional(),
  JWT_ACCESS_SECRET: secret,
  JWT_ACCESS_SECRET_PREVIOUS: secret.optional(),
  ACCESS_TOKEN_SECONDS: seconds(600),
  REFRESH_BEFORE_EXPIRY_SECONDS: seconds(60),
  REFRESH_GRACE_SECONDS: seconds(30),
  REFRESH_TOKEN_SECONDS: seconds(604_800),
  SESSION_MAX_SECONDS: seconds(2_592_000),
  IP_VALIDATION: flag(true),
  AGENT_VALIDATION: flag(true),
  TRUSTED_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
  PASSWORD_MIN_LENGTH: z.coerce.number().int().min(8).max(64).default(10),
  RATE_LIMIT_FACTOR: z.coerce.number().positive().max(1_000_000).default(1),
  CORS_ORIGINS: z.string().default("").transform(toOrigins),
  LOG_LEVEL: z.enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
});

/** Whatever a token is believed by: a key that everybody knows is as bad as the previous one as it is as the current one. */
const SECRETS = [
  "SESSION_SECRET",
  "JWT_ACCESS_SECRET",
  "SESSION_SECRET_PREVIOUS",
  "JWT_ACCESS_SECRET_PREVIOUS",
] as const;

/** How the secrets of .env.example begin. */
const SAMPLE_SECRET = "example-only";

export type Env = z.output<typeof variables>;

/** The given variables, checked. Throws one Error that names every bad variable, a line each. An empty value is a missing one. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = variables.safeParse(given);
  const problems = parsed.success
    ? impossibleCombinations(parsed.data)
    : parsed.error.issues.map(
        (issue) =>
          `${issue.path.join(".")} ${given[String(issue.path[0])] === undefined ? "is missing" : issue.message}`,
      );
  if (!parsed.success || problems.length > 0) {
    throw new Error(`The configuration is not right:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
  return parsed.data;
}

let parsedOnce: Env | undefined;

/** This process's variables. Reads them at the first call; a bad one throws. */
export function env(): Env {
  return (parsedOnce ??= parseEnv(process.env));
}

function impossibleCombinations(given: Env): string[] {
  const problems: string[] = [];
  const refuse = (isWrong: boolean, problem: string) => isWrong && problems.push(problem);

  const isSample = (value: string | undefined) => value?.startsWith(SAMPLE_SECRET) ?? false;
  for (const name of SECRETS) {
    refuse(given.NODE_ENV === "production" && isSample(given[name]), `${name} is the sample that everybody can read`);
  }
  const secrets = SECRETS.map((name) => given[name]).filter((value) => value !== undefined);
  refuse(
    new Set(secrets).size !== secrets.length,
    "SESSION_SECRET, JWT_ACCESS_SECRET and their *_PREVIOUS must all differ",
  );
  refuse(
    given.REFRESH_BEFORE_EXPIRY_SECONDS >= given.ACCESS_TOKEN_SECONDS,
    "REFRESH_BEFORE_EXPIRY_SECONDS must be less than ACCESS_TOKEN_SECONDS",
  );
  refuse(
    given.REFRESH_GRACE_SECONDS >= given.ACCESS_TOKEN_SECONDS,
    "REFRESH_GRACE_SECONDS must be less than ACCESS_TOKEN_SECONDS",
  );
  refuse(
    given.ACCESS_TOKEN_SECONDS >= given.REFRESH_TOKEN_SECONDS,
    "ACCESS_TOKEN_SECONDS must be less than REFRESH_TOKEN_SECONDS",
  );
  refuse(
    given.REFRESH_TOKEN_SECONDS > given.SESSION_MAX_SECONDS,
    "REFRESH_TOKEN_SECONDS must not exceed SESSION_MAX_SECONDS",
  );
  return problems;
}

function toOrigin(value: string, context: z.RefinementCtx): string {
  const url = URL.parse(value);
  const isLoopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
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
  return value
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "")
    .map((origin) => toOrigin(origin, context));
}
