import type { FactorCounts } from "@/db/tables/factors";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { keyIdOf } from "@/server/runtime/encryption";
import type { Env } from "@/server/runtime/env";

type Configured = Pick<Env, "APP_ORIGIN" | "ENCRYPTION_SECRET" | "ENCRYPTION_SECRET_PREVIOUS">;

/** Compares stored factors with the configuration that they depend on. */
export function judgeFactors(counts: FactorCounts | null, env: Configured | null): Group {
  const title = "Factors";
  if (counts === null || env === null) {
    const reason = env === null ? "the configuration is invalid" : "the database could not be read or is not migrated";
    return { title, healthy: "", findings: [], skipped: `not examined: ${reason}` };
  }
  const [apps, passkeys] = [counts.appsByKey, counts.passkeysByDomain].map((by) => sum(Object.values(by)));
  return {
    title,
    healthy: `${counted(apps!, "authenticator app")}, ${counted(passkeys!, "passkey")}`,
    findings: [...judgeKeys(counts.appsByKey, env), ...judgeDomains(counts.passkeysByDomain, env)],
  };
}

function judgeKeys(appsByKey: Record<string, number>, env: Configured): Finding[] {
  const [current, previous] = [env.ENCRYPTION_SECRET, env.ENCRYPTION_SECRET_PREVIOUS].map(
    (secret) => secret && keyIdOf(secret),
  );
  const ofPrevious = previous === current ? 0 : (appsByKey[previous ?? ""] ?? 0);
  const others = Object.entries(appsByKey).filter(([key]) => key !== current && key !== previous);
  const lost = sum(others.map(([, count]) => count));
  return [
    ...(lost === 0
      ? []
      : [
          problem(
            "factors-unreadable",
            `${counted(lost, "authenticator app")} cannot be decrypted: encrypted under another secret than ENCRYPTION_SECRET. Their codes are refused; recovery codes and passkeys still work.`,
            "Set ENCRYPTION_SECRET_PREVIOUS to the secret that was configured before",
          ),
        ]),
    ...(ofPrevious === 0
      ? []
      : [
          warning(
            "factors-previous-secret",
            `${counted(ofPrevious, "authenticator app")} can be decrypted only with ENCRYPTION_SECRET_PREVIOUS.`,
            "Keep it until they have been used: each is encrypted again at its next code",
          ),
        ]),
  ];
}

/** Browsers offer a passkey only on the domain that it was made for. */
function judgeDomains(passkeysByDomain: Record<string, number>, { APP_ORIGIN }: Configured): Finding[] {
  const { hostname } = new URL(APP_ORIGIN);
  const others = Object.entries(passkeysByDomain).filter(([domain]) => domain !== hostname);
  if (others.length === 0) return [];
  const count = sum(others.map(([, ofDomain]) => ofDomain));
  const domains = others.map(([domain]) => domain).sort();
  return [
    problem(
      "passkeys-other-domain",
      `${counted(count, "passkey")} cannot be used: made for ${domains.join(", ")}, and APP_ORIGIN is on ${hostname}.`,
      "Serve the app on the former domain again, or have the owners sign in by another way and add passkeys on the new one",
    ),
  ];
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
