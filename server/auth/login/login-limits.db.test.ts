import { describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { DatabaseFault } from "@/db/faults";
import { atOnce } from "@/db/testing";
import { countStatements, later, PASSWORD, reasonOf } from "@/server/auth/db-testing";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { Refusal } from "@/server/auth/policy/refusals";
import { refresh } from "@/server/auth/sessions/refresh";
import { ADA, clientAt, MALLORY, newClient } from "@/server/auth/testing";
import { useLogins } from "./testing";

const { database, attempt, newAccount, sessionsOf, failUntil } = useLogins();

const newEmail = () => `${crypto.randomUUID()}@example.test`;

describe("login: the limit of failures per account", () => {
  test("of a hundred concurrent guesses with one attempt left exactly one is evaluated", async () => {
    const { id, email } = await newAccount();
    await failUntil(email, 1);
    const elsewhere = connect(database.url);
    const reasons = await atOnce(100, (index) =>
      reasonOf(
        attempt(email, { password: `guess ${index}` }, index % 2 ? elsewhere : database.db).catch((error: unknown) => {
          // On a slow machine some time out waiting for the bucket: refused as well, and not evaluated.
          throw error instanceof DatabaseFault && error.code === "MUTEX_TIMEOUT" ? new Refusal("RATE_LIMITED") : error;
        }),
      ),
    );
    await elsewhere.destroy();
    expect(reasons.filter((reason) => reason === "INVALID_CREDENTIALS")).toHaveLength(1);
    expect(reasons.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(99);
    expect(await reasonOf(attempt(email))).toBe("RATE_LIMITED");
    expect(await sessionsOf(id)).toEqual([]);
  });

  test("successful logins are not counted", async () => {
    const { email } = await newAccount();
    await failUntil(email, 1);
    for (let count = 0; count < 3; count++) await attempt(email);
  });

  test("failures of unknown emails are counted, so that the limit does not reveal accounts", async () => {
    await failUntil("unknown@example.test", 0);
    expect(await reasonOf(attempt("unknown@example.test"))).toBe("RATE_LIMITED");
  });

  test("failures count for 15 minutes, and the refusal says how long to wait", async () => {
    const { email } = await newAccount();
    await failUntil(email, 0);
    const refused = (await attempt(email, { now: later(60) }).catch((error: unknown) => error)) as Refusal;
    expect(refused).toMatchObject({ reason: "RATE_LIMITED", details: { retryAfterSeconds: 840 } });
    expect(await reasonOf(attempt(email, { now: later(899) }))).toBe("RATE_LIMITED");
    await attempt(email, { now: later(901) });
  });

  test("failures from unknown devices do not lock out a known device", async () => {
    const { email } = await newAccount();
    await attempt(email, { client: ADA });
    await failUntil(email, 0);
    expect(await reasonOf(attempt(email))).toBe("RATE_LIMITED");
    await attempt(email, { client: ADA, now: later(61) });
  });

  test("a known device has ten failures of its own after the account's ten; then the right password is refused", async () => {
    const { email } = await newAccount();
    const home = newClient();
    await attempt(email, { client: home });
    const guess = (count: number) =>
      reasonOf(attempt(email, { client: home, password: "wrong", now: later(61 + count * 10) }));
    for (let count = 0; count < 10; count++) expect(await guess(count)).toBe("INVALID_CREDENTIALS");
    for (let count = 10; count < 19; count++) expect(await guess(count)).toBe("RATE_LIMITED");
    await attempt(email, { client: home, now: later(300) });
    expect(await guess(24)).toBe("RATE_LIMITED");
    expect(await reasonOf(attempt(email, { client: home, now: later(310) }))).toBe("RATE_LIMITED");
    // The first failure of the account has left the window.
    await attempt(email, { client: home, now: later(961) });
  });

  test("of twenty guesses around a 15-minute boundary ten are evaluated", async () => {
    const { email } = await newAccount();
    await reasonOf(attempt(email, { password: "wrong" }));
    const evaluated = [];
    for (let count = 0; count < 20; count++) {
      const now = later(count < 9 ? 898 : 902);
      const reason = await reasonOf(attempt(email, { password: "wrong", now }));
      if (reason === "INVALID_CREDENTIALS") evaluated.push(now);
    }
    expect(evaluated).toEqual([...Array<Date>(9).fill(later(898)), later(902)]);
  });

  test("the owner on a new network is told the cause and the time to wait, and can log in after it", async () => {
    const { email } = await newAccount();
    await failUntil(email, 0);
    const refused = (await attempt(email, { now: later(59) }).catch((error: unknown) => error)) as Refusal;
    expect(refused.message).toBe(
      "Too many wrong passwords were tried for this account. Wait 15 minutes before the next attempt.",
    );
    await attempt(email, { now: later(59 + refused.details.retryAfterSeconds!) });
  });

  test("the limits of the account and of the address have different messages", async () => {
    const client = newClient();
    for (let count = 0; count < 10; count++) await reasonOf(attempt(newEmail(), { client, password: "wrong" }));
    const refused = (await attempt(newEmail(), { client }).catch((error: unknown) => error)) as Refusal;
    expect(refused.message).toBe("Too many attempts. Please wait a moment.");
  });

  test("the limit of a known device is counted by session: stolen tokens gain no attempts from other addresses and user agents", async () => {
    const { email, id } = await newAccount();
    let token = (await attempt(email, { client: newClient() })).cookies[1]!.value;
    await failUntil(email, 0);
    for (let count = 0; count < 12; count++) {
      const now = later(40 * (count + 1));
      const client = newClient(`program-${count}/1.0`);
      const outcome = await refresh(database.db, token, client, now);
      if (outcome.kind !== "refreshed") throw new Error(`refresh ${count}: ${outcome.kind}`);
      token = outcome.cookies[1]!.value;
      const password = count < 10 ? "wrong" : PASSWORD;
      expect(await reasonOf(attempt(email, { client, password, now })), `guess ${count}`).toBe("RATE_LIMITED");
    }
    expect(await sessionsOf(id)).toHaveLength(1);
  });
});

describe("login: failed attempts do not reveal whether a device is known to an account", () => {
  /** The responses to failed attempts from `here` and elsewhere in this order. */
  async function seen(isKnown: boolean, attempts: ("here" | "elsewhere")[]) {
    const { email } = await newAccount();
    const here = newClient();
    if (isKnown) await attempt(email, { client: here });
    const answers = [];
    for (const [index, place] of attempts.entries()) {
      const client = place === "here" ? here : newClient();
      const now = later(index * 10);
      let answer: unknown;
      const statements = await countStatements(database.url, async (db) => {
        answer = await attempt(email, { client, password: "wrong", now }, db).catch((error: unknown) => error);
      });
      const { reason, message, details } = answer as Refusal;
      answers.push({ reason, message, details, statements });
    }
    return answers;
  }

  test.each<[string, ("here" | "elsewhere")[]]>([
    [
      "from the device after ten failures elsewhere",
      [...Array<"elsewhere">(10).fill("elsewhere"), "here", "here", "elsewhere"],
    ],
    ["elsewhere after ten failures from the device", [...Array<"here">(10).fill("here"), "elsewhere", "here"]],
    ["from the device until both limits are exhausted", Array<"here">(22).fill("here")],
  ])("%s", async (_, attempts) => {
    const known = await seen(true, attempts);
    expect(known.at(-1)!.reason).toBe("RATE_LIMITED");
    expect(await seen(false, attempts)).toEqual(known);
  });

  test("a refused attempt costs a password hash on known and unknown devices", async () => {
    const { email } = await newAccount();
    const home = newClient();
    await attempt(email, { client: home });
    await failUntil(email, 0);
    const hashes = vi.spyOn(hashLimiter(), "run");
    for (const client of [home, newClient(), newClient()]) {
      hashes.mockClear();
      expect(await reasonOf(attempt(email, { client, password: "wrong", now: later(61) }))).toBe("RATE_LIMITED");
      expect(hashes).toHaveBeenCalledTimes(1);
    }
    hashes.mockRestore();
  });

  test("a device is not known by its address alone", async () => {
    const { email } = await newAccount();
    await attempt(email, { client: ADA });
    await failUntil(email, 0);
    expect(await reasonOf(attempt(email, { client: { ...MALLORY, address: ADA.address } }))).toBe("RATE_LIMITED");
  });
});

describe("login: the limit of attempts per address", () => {
  test("one address has ten attempts a minute for any email, right or wrong; other addresses are not affected", async () => {
    const { email } = await newAccount();
    const client = newClient();
    for (let count = 0; count < 5; count++) await attempt(email, { client });
    for (let count = 0; count < 5; count++) await reasonOf(attempt(`${count}@example.test`, { client, password: "x" }));
    expect(await reasonOf(attempt(email, { client }))).toBe("RATE_LIMITED");
    await attempt(email);
    await attempt(email, { client, now: later(61) });
  });

  test("an IPv6 /48 has twice the limit of a /64, whichever of its /64s the attempts come from", async () => {
    const site = `2001:db8:${(Date.now() % 0xffff).toString(16)}`;
    const attempts = await atOnce(24, (index) =>
      reasonOf(attempt(`${index}@site.test`, { client: clientAt(`${site}:${index + 1}::1`), password: "x" })),
    );
    expect(attempts.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(4);
    await reasonOf(attempt("v6@site.test", { client: clientAt("2001:db8:ffff:1::1"), password: "x" })).then((reason) =>
      expect(reason).toBe("INVALID_CREDENTIALS"),
    );
  });

  test("of twenty attempts around a minute boundary ten pass", async () => {
    const client = newClient();
    const reasons = [];
    for (let count = 0; count < 20; count++) {
      const now = later(count < 10 ? 59 : 61);
      reasons.push(await reasonOf(attempt(`${count}@window.test`, { client, password: "x", now })));
    }
    expect(reasons.filter((reason) => reason === "INVALID_CREDENTIALS")).toHaveLength(10);
  });

  test("IPv6 addresses are counted by /64", async () => {
    const attempts = await atOnce(12, (index) =>
      reasonOf(attempt("v6@example.test", { client: clientAt(`2001:db8:9:9::${index + 1}`), password: "x" })),
    );
    expect(attempts.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(2);
  });
});
