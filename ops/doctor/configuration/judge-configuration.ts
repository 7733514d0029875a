import { parseEnv, type Env } from "@/server/runtime/env";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { judgeSecrets } from "./judge-secrets";

export interface ConfigurationFacts {
  /** As the app would get it. */
  source: Record<string, string | undefined>;
  /** How many guesses a secret takes, as a power of ten, by the variable's name. */
  guesses: Record<string, number>;
  /** Files with variables in them, and who may read them. `mode` null where the system knows no modes. */
  files: { name: string; mode: number | null }[];
}

/** Above this the ceilings are as good as none. */
const RATE_LIMIT_FACTOR_AT_MOST = 20;

/** `env` is null where the app would not start. */
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

/** Whether people other than this machine's own user reach the app there. */
export function isPublic(origin: string | undefined): boolean {
  const hostname = URL.parse(origin ?? "")?.hostname;
  return hostname !== undefined && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function parse(source: ConfigurationFacts["source"]): { env: Env } | { problems: string[] } {
  try {
    return { env: parseEnv(source) };
  } catch (error) {
    // The first line says that something is wrong; each of the others names one variable.
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
    return "Set it to mysql://user:password@host:3306/database, where every instance reaches it";
  if (name === "APP_ORIGIN") return "Set it to what people see in the address bar, without a path";
  return `Set ${name} as .env.example says, or leave it out for the default`;
}

function judgeOrigin(env: Env): Finding[] {
  const { protocol, port } = new URL(env.APP_ORIGIN);
  const findings: Finding[] = [];
  if (protocol === "https:" && env.TRUSTED_PROXY_HOPS === 0)
    findings.push(
      problem(
        "no-trusted-proxy",
        "APP_ORIGIN is https, so a proxy stands in front, but TRUSTED_PROXY_HOPS is 0: the app takes the proxy for everybody, and ten logins a minute are all that the whole world has.",
        "Set TRUSTED_PROXY_HOPS to the number of proxies of your own, and let the first of them replace X-Forwarded-For",
      ),
    );
  if (protocol === "http:" && Number(port || 80) !== env.PORT && env.TRUSTED_PROXY_HOPS === 0)
    findings.push(
      warning(
        "origin-other-port",
        `The app listens on port ${env.PORT}, and APP_ORIGIN says ${env.APP_ORIGIN}: redirects and the check of Origin follow the latter.`,
        `Set APP_ORIGIN to http://localhost:${env.PORT}, or PORT to ${port || 80}`,
      ),
    );
  if (protocol === "http:" && env.TRUSTED_PROXY_HOPS > 0)
    findings.push(
      warning(
        "proxy-on-loopback",
        `TRUSTED_PROXY_HOPS is ${env.TRUSTED_PROXY_HOPS} on ${env.APP_ORIGIN}: whoever reaches the app past the proxy chooses the address that is counted.`,
        "Set TRUSTED_PROXY_HOPS to 0 unless a proxy really stands in front on this machine",
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
        `RATE_LIMIT_FACTOR is ${env.RATE_LIMIT_FACTOR}: one address may try ${env.RATE_LIMIT_FACTOR * 10} logins a minute.`,
        "Leave it out once the load test is over",
      ),
    );
  if (["silent", "fatal", "error"].includes(env.LOG_LEVEL))
    findings.push(
      warning(
        "log-too-quiet",
        `LOG_LEVEL is ${env.LOG_LEVEL}: replayed tokens and refused logins leave no line.`,
        "Set LOG_LEVEL to info, or to warn at the least",
      ),
    );
  if (!env.IP_VALIDATION && !env.AGENT_VALIDATION)
    findings.push(
      warning(
        "no-fingerprint",
        "IP_VALIDATION and AGENT_VALIDATION are both off: a copied access token works anywhere until it ends.",
        "Switch AGENT_VALIDATION on again; it costs people nothing",
      ),
    );
  return findings;
}

function judgeFile({ name, mode }: ConfigurationFacts["files"][number]): Finding[] {
  if (mode === null || (mode & 0o077) === 0) return [];
  const says = `${name} holds secrets, and others on this machine may read it (mode ${(mode & 0o777).toString(8).padStart(4, "0")}).`;
  return [problem("readable-secrets", says, `chmod 600 ${name}`)];
}

/** The schema and the look at secrets may both object to one variable for one reason. */
function withoutRepetitions(findings: Finding[]): Finding[] {
  return findings.filter(({ id }, at) => findings.findIndex((other) => other.id === id) === at);
}
