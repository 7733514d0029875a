import { findLeaks, type Secret } from "./kit/leak-search";
import { takeRecords, type RedactionRecords } from "./kit/redaction-records";

/** An app that is killed may take its last lines with it. */
const MIN_LOGGED_SHARE = 0.9;
const MAX_LEAKS_SHOWN = 20;

/**
 * After the whole run: of all tokens, cookies, passwords and queries that went over any wire, none stands in anything that any
 * app wrote. A search that had nothing to look for, or nowhere to look, fails as well.
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
    throw new Error(`The app wrote down what it must keep to itself, ${leaks.length} times:\n  ${shown}`);
  }
  const lines = records.logs.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `  Redaction: none of ${secrets.length} secrets in ${lines} lines of ${records.logs.length} logs (${seconds} s)`,
  );
}

/** The apps' own lines say how much there was to be seen. */
function assertRecordsComplete({ logs, requestIds, secrets }: RedactionRecords): void {
  // The stage itself is asked whether it is ready, and no more, when no test goes over a wire.
  const written = logs.map(({ text }) => text).join("\n");
  const ids = new Set([...written.matchAll(/"requestId":"([^"]+)"/g)].map(([, id]) => id));
  const logged = requestIds.filter((id) => ids.has(id)).length;
  const isUsed = written
    .split("\n")
    .some((line) => line.includes('"msg":"request"') && !line.includes('"path":"/api/health/'));
  if ((isUsed && requestIds.length === 0) || logged < MIN_LOGGED_SHARE * requestIds.length) {
    throw new Error(`Of ${requestIds.length} answered requests, ${logged} stand in the logs: they are not whole.`);
  }
  const opened = written.match(/"event":"(?:logged-in|account-registered)"/g)?.length ?? 0;
  const nonces = new Set(secrets.filter(({ kind }) => kind === "a nonce").map(({ value }) => value)).size;
  const passwords = secrets.filter(({ kind }) => kind === "a password").length;
  if (nonces < opened || passwords < opened) {
    throw new Error(
      `${opened} sessions were opened, but only ${nonces} refresh tokens and ${passwords} passwords seen.`,
    );
  }
}

function deduplicate(secrets: readonly Secret[]): Secret[] {
  return [...new Map(secrets.map((secret) => [secret.value, secret])).values()];
}
