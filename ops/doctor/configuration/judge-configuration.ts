import { parseEnv, type Env } from "@/server/runtime/env";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { judgeSecrets } from "./judge-secrets";

export interface ConfigurationFacts {
  /** The environment of the app. */
  source: Record<string, string | undefined>;
  /** Estimated number of guesses for each secret, as a power of ten. */
  guesses: Record<string, number>;
  /** Environment files and their permissions. `mode` is null on systems without file modes. */
  files: { name: string; mode: number | null }[];
}

/** Above this factor the rate limits have no effect. */
const RATE_LIMIT_FACTOR_AT_MOST = 20;

/** `env` is null if the app would refuse to start. */
export function judgeConfiguration(facts: ConfigurationFacts): { group: Group; env: Env | null } {
  const parsed = parse(facts.source);
  const env = "env" in parsed ? parsed.env : null;
  const findings = [
    ...("problems" in parsed ? parsed.problems.map(toFinding) : judgeOrigin(parsed.env)),
    ...judgeSecrets(facts.source, facts.guesses, isPublic(facts.source.APP_ORIGIN)),
    ...(env === null ? [] : judgeChoices(env)),
    ...facts.files.flatMap(judgeFile),
  ];
  const healthy = `${counted(env === null ? 0 : Object.keys(env).length, "variable")}, for ${env?.APP_ORIGIN}`;
  return { group: { title: "Configuration", healthy, findings: withoutRepetitions(findings) }, env };
}

/** Whether the origin is reachable from other machines. */
export function isPublic(origin: string | undefined): boolean {
  const hostname = URL.parse(origin ?? "")?.hostname;
  return hostname !== undefined && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function parse(source: ConfigurationFacts["source"]): { env: Env } | { problems: string[] } {
  try {
    return { env: parseEnv(source) };
  } catch (error) {
    // The first line is a heading; each further line describes one variable.
    return { problems: (error as Error).message.split("\n").slice(1) };
  }
}

function toFinding(line: string): Finding {
  const says = line.trim();
  const name = /^[A-Z_]+/.exec(says)?.[0] ?? "";
  return problem(`variable-${name.toLowerCase().replaceAll("_", "-")}`, `${says}.`, remedyFor(name));
}

function remedyFor(name: string): string {
  if (/SECRET/.test(name)) return `Set ${name} to the output of: openssl rand -base64 48`;
  if (name === "DATABASE_URL")
    return "Set it to mysql://user:password@host:3306/database, reachable from every instance";
  if (name === "APP_ORIGIN") return "Set it to the address in the browser, without a path";
  if (/^(SMTP_URL|MAIL)/.test(name)) return "Set SMTP_URL and MAIL_FROM as described in .env.example, or MAIL=off";
  return `Set ${name} as described in .env.example, or unset it to use the default`;
}

function judgeOrigin(env: Env): Finding[] {
  const { protocol, port } = new URL(env.APP_ORIGIN);
  const findings: Finding[] = [];
  if (protocol === "https:" && env.TRUSTED_PROXY_HOPS === 0)
    findings.push(
      problem(
        "no-trusted-proxy",
        "APP_ORIGIN is https, so a proxy is in front, but TRUSTED_PROXY_HOPS is 0: all clients appear to have the proxy's address and share one limit of ten logins per minute.",
        "Set TRUSTED_PROXY_HOPS to the number of your proxies, and configure the first of them to replace X-Forwarded-For",
      ),
    );
  if (protocol === "http:" && Number(port || 80) !== env.PORT && env.TRUSTED_PROXY_HOPS === 0)
    findings.push(
      warning(
        "origin-other-port",
        `The app listens on port ${env.PORT}, but APP_ORIGIN is ${env.APP_ORIGIN}: redirects and the Origin check use APP_ORIGIN.`,
        `Set APP_ORIGIN to http://localhost:${env.PORT}, or PORT to ${port || 80}`,
      ),
    );
  if (protocol === "http:" && env.TRUSTED_PROXY_HOPS > 0)
    findings.push(
      warning(
        "proxy-on-loopback",
        `TRUSTED_PROXY_HOPS is ${env.TRUSTED_PROXY_HOPS} on ${env.APP_ORIGIN}: a client that reaches the app directly can choose its own address.`,
        "Set TRUSTED_PROXY_HOPS to 0 unless a proxy runs on this machine",
      ),
    );
  return findings;
}

function judgeChoices(env: Env): Finding[] {
  const findings: Finding[] = [];
  if (env.RATE_LIMIT_FACTOR > RATE_LIMIT_FACTOR_AT_MOST)
    findings.push(
      warning(
        "limits-lifted",
        `RATE_LIMIT_FACTOR is ${env.RATE_LIMIT_FACTOR}: one address may attempt ${env.RATE_LIMIT_FACTOR * 10} logins per minute.`,
        "Unset it after the load test",
      ),
    );
  if (["silent", "fatal", "error"].includes(env.LOG_LEVEL))
    findings.push(
      warning(
        "log-too-quiet",
        `LOG_LEVEL is ${env.LOG_LEVEL}: replayed tokens and refused logins are not logged.`,
        "Set LOG_LEVEL to info or warn",
      ),
    );
  if (!env.IP_VALIDATION && !env.AGENT_VALIDATION)
    findings.push(
      warning(
        "no-fingerprint",
        "IP_VALIDATION and AGENT_VALIDATION are both off: a stolen access token works on any device until it expires.",
        "Set AGENT_VALIDATION=true; users do not notice it",
      ),
    );
  return findings;
}

function judgeFile({ name, mode }: ConfigurationFacts["files"][number]): Finding[] {
  if (mode === null || (mode & 0o077) === 0) return [];
  const says = `${name} contains secrets and is readable by other users of this machine (mode ${(mode & 0o777).toString(8).padStart(4, "0")}).`;
  return [problem("readable-secrets", says, `chmod 600 ${name}`)];
}

/** The schema and the check of secrets may report the same problem of a variable. */
function withoutRepetitions(findings: Finding[]): Finding[] {
  return findings.filter(({ id }, at) => findings.findIndex((other) => other.id === id) === at);
}
