import { z } from "zod";
import type { SigningKey } from "@/db/schema";
import type { StoredKeys } from "@/db/tables/signing-keys";
import { valuesOf, type ProbeResult } from "@/ops/doctor/deployment/http-client";
import { counted, problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { KEY_SET_MAX_AGE_SECONDS, secondsAfter, secondsBetween } from "@/server/auth/policy/lifetimes";
import { KEY_SET } from "@/server/auth/policy/routes";
import { judgeKeys } from "@/server/auth/tokens/bearer-key-timeline";
import { keyIdOf } from "@/server/runtime/encryption";
import type { Env } from "@/server/runtime/env";

type Secrets = Pick<Env, "ENCRYPTION_SECRET" | "ENCRYPTION_SECRET_PREVIOUS">;

const DAY_SECONDS = 86_400;
const DAYS_AT_MOST = 365;

export interface KeyFacts {
  stored: StoredKeys | null;
  secrets: Secrets | null;
  /** The published keys as received from outside. */
  keySet: ProbeResult | null;
}

/** The keys that sign bearer tokens: their age, their encryption, and whether verifiers receive them. */
export function judgeSigningKeys({ stored, secrets, keySet }: KeyFacts): Group {
  const title = "Signing keys";
  if (stored === null && keySet === null)
    return {
      title,
      healthy: "",
      findings: [],
      skipped: "not examined: neither the database nor the app could be read",
    };
  const accepted = stored === null ? [] : acceptedKeys(stored);
  const published = keySet === null ? null : judgePublished(keySet, stored);
  return {
    title,
    healthy: [
      ...(stored === null ? [] : [`${counted(accepted.length, "key")} in the database`]),
      ...(published === null ? [] : [`${counted(published.count, "key")} published`]),
    ].join(", "),
    findings: [
      ...(stored === null || secrets === null ? [] : judgeEncryption(accepted, secrets)),
      ...(stored === null ? [] : judgeAge(stored)),
      ...(published?.findings ?? []),
    ],
  };
}

function acceptedKeys({ keys, databaseNow }: StoredKeys): SigningKey[] {
  return judgeKeys(keys, databaseNow).flatMap(({ key, phase }) => (phase === "dropped" ? [] : [key]));
}

function judgeEncryption(
  accepted: SigningKey[],
  { ENCRYPTION_SECRET, ENCRYPTION_SECRET_PREVIOUS }: Secrets,
): Finding[] {
  const secretOf = ({ privateKey }: SigningKey) => privateKey.split(".", 1)[0];
  const previous = ENCRYPTION_SECRET_PREVIOUS === undefined ? undefined : keyIdOf(ENCRYPTION_SECRET_PREVIOUS);
  const others = accepted.filter((key) => secretOf(key) !== keyIdOf(ENCRYPTION_SECRET));
  const lost = others.filter((key) => secretOf(key) !== previous).length;
  if (lost > 0)
    return [
      problem(
        "keys-unreadable",
        `${counted(lost, "signing key")} cannot be decrypted: encrypted under another secret than ENCRYPTION_SECRET. No instance starts with it.`,
        "Set ENCRYPTION_SECRET_PREVIOUS to the secret that was configured before, or run npm run keys -- rotate --compromised",
      ),
    ];
  if (others.length === 0) return [];
  return [
    warning(
      "keys-previous-secret",
      `${counted(others.length, "signing key")} can be decrypted only with ENCRYPTION_SECRET_PREVIOUS.`,
      "Run npm run keys -- rotate, and keep the previous secret for 31 minutes after it",
    ),
  ];
}

function judgeAge({ keys, databaseNow }: StoredKeys): Finding[] {
  const signing = judgeKeys(keys, databaseNow).find(({ phase }) => phase === "signing")?.key;
  if (signing === undefined) return [];
  const days = Math.floor(secondsBetween(signing.signsFrom, databaseNow) / DAY_SECONDS);
  if (days <= DAYS_AT_MOST) return [];
  return [
    warning(
      "keys-old",
      `The key that signs bearer tokens is ${days} days old.`,
      "Run npm run keys -- rotate once a year",
    ),
  ];
}

const keySetBody = z.object({ keys: z.array(z.object({ kid: z.string(), kty: z.literal("EC") })) });

function judgePublished(reply: ProbeResult, stored: StoredKeys | null): { count: number; findings: Finding[] } {
  const body = reply.kind === "failure" || reply.status !== 200 ? null : keySetBody.safeParse(parse(reply.body));
  if (reply.kind === "failure" || body === null || !body.success) {
    const got = reply.kind === "failure" ? reply.message : `status ${reply.status}`;
    const says = `${KEY_SET} does not return the public keys (${got}): other services cannot verify bearer tokens.`;
    return { count: 0, findings: [problem("key-set-unavailable", says, "Let the proxy pass this path to the app")] };
  }
  const ids = body.data.keys.map(({ kid }) => kid);
  return {
    count: ids.length,
    findings: [...judgeContents(ids, stored), ...judgeCaching(valuesOf(reply, "cache-control"))],
  };
}

/** A cache may return a set that is five minutes old: what changed since is not compared. */
function judgeContents(ids: string[], stored: StoredKeys | null): Finding[] {
  if (stored === null) return [];
  const before = secondsAfter(stored.databaseNow, -KEY_SET_MAX_AGE_SECONDS);
  const missing = acceptedKeys(stored).filter(({ id, createdAt }) => createdAt < before && !ids.includes(id));
  const unknown = ids.filter((id) => stored.keys.every((key) => key.id !== id));
  if (missing.length === 0 && unknown.length === 0) return [];
  return [
    problem(
      "key-set-differs",
      `${KEY_SET} publishes other keys than those of the database: ${counted(missing.length, "key")} missing, ${unknown.length} unknown.`,
      "Check that APP_ORIGIN leads to this installation, and that no cache stores the path for more than five minutes",
    ),
  ];
}

function judgeCaching(control: string[]): Finding[] {
  if (control.length === 1 && control[0] === `public, max-age=${KEY_SET_MAX_AGE_SECONDS}`) return [];
  return [
    warning(
      "key-set-caching",
      `${KEY_SET} has Cache-Control: ${control.join(" and ") || "nothing"} instead of public, max-age=${KEY_SET_MAX_AGE_SECONDS}.`,
      "Configure the proxy to set neither Cache-Control nor Expires: verifiers must learn of a new key within 15 minutes",
    ),
  ];
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}
