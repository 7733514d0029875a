import { findLeaks, type Secret } from "./kit/leak-search";
import { takeRecords, type RedactionRecords } from "./kit/redaction-records";

/** A killed app may lose its last log lines. */
const MIN_LOGGED_SHARE = 0.9;
const MAX_LEAKS_SHOWN = 20;

/**
 * After the whole run: no token, cookie, password or query that any browser sent or received is in any log of any app. The check
 * also fails if secrets or logs are missing.
 */
export default function verifyRedaction(): void {
  const startedAt = performance.now();
  const records = takeRecords();
  assertRecordsComplete(records);

  const secrets = deduplicate(records.secrets);
  const leaks = records.logs.flatMap(({ name, text }) =>
    findLeaks(text, secrets).map(({ kind, line }) => `${kind}, in ${name}, line ${line}`),
  );
  if (leaks.length > 0) {
    const shown = [...new Set(leaks)].slice(0, MAX_LEAKS_SHOWN).join("\n  ");
    throw new Error(`The app logged ${leaks.length} secrets:\n  ${shown}`);
  }
  const lines = records.logs.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `  Redaction: none of ${secrets.length} secrets in ${lines} lines of ${records.logs.length} logs (${seconds} s)`,
  );
}

/** Compares the records with the logs, which state how many requests and sessions there were. */
function assertRecordsComplete({ logs, requestIds, secrets }: RedactionRecords): void {
  // A run without browser tests has only the health checks of the test server.
  const written = logs.map(({ text }) => text).join("\n");
  const ids = new Set([...written.matchAll(/"requestId":"([^"]+)"/g)].map(([, id]) => id));
  const logged = requestIds.filter((id) => ids.has(id)).length;
  const isUsed = written
    .split("\n")
    .some((line) => line.includes('"msg":"request"') && !line.includes('"path":"/api/health/'));
  if ((isUsed && requestIds.length === 0) || logged < MIN_LOGGED_SHARE * requestIds.length) {
    throw new Error(
      `Only ${logged} of ${requestIds.length} answered requests are in the logs: the logs are incomplete.`,
    );
  }
  const opened = written.match(/"event":"(?:logged-in|account-registered)"/g)?.length ?? 0;
  const withoutPassword =
    written.match(/"event":"(?:logged-in|account-registered)".*"methods":\["passkey"\]/g)?.length ?? 0;
  const nonces = new Set(secrets.filter(({ kind }) => kind === "a nonce").map(({ value }) => value)).size;
  const passwords = secrets.filter(({ kind }) => kind === "a password").length;
  if (nonces < opened || passwords < opened - withoutPassword) {
    throw new Error(
      `${opened} sessions were opened, ${withoutPassword} of them by passkey, but only ${nonces} refresh tokens and ${passwords} passwords were recorded.`,
    );
  }
}

function deduplicate(secrets: readonly Secret[]): Secret[] {
  return [...new Map(secrets.map((secret) => [secret.value, secret])).values()];
}
