import { expect } from "@playwright/test";
import { generateAccount } from "@/e2e/kit/accounts";
import type { HeaderLines } from "./ask";
import { FORGERIES } from "./forgeries";
import { FRONTS, test } from "./fronts";
import { canTakeAddresses, takeAddress } from "./own-addresses";
import { anyAddress, Visitor } from "./visitor";

const LOGINS_PER_MINUTE = 10;

for (const front of FRONTS) {
  test.describe(`behind ${front}`, () => {
    test("the list of devices names the address that a visitor has, whatever a visitor claims", async ({ visit }) => {
      const account = await visit(front).register();
      for (const [what, claims] of FORGERIES) {
        const visitor = visit(front);
        expect((await visitor.login(account, claims)).status, what).toBe(200);
        expect(await visitor.addressOnDevices(), what).toBe(visitor.source);
      }
    });

    test("an address signs in ten times a minute, whatever it claims", async ({ visit }) => {
      const visitor = visit(front);
      for (let at = 0; at < LOGINS_PER_MINUTE; at++) {
        const [what, claims] = FORGERIES[at]!;
        expect((await visitor.login(generateAccount(), claims)).status, what).toBe(401);
      }
      for (const [what, claims] of FORGERIES) {
        expect((await visitor.login(generateAccount(), claims)).status, what).toBe(429);
      }
      // What one visitor used up is not missed by the next, nor by the one that was claimed to be.
      expect((await visit(front).login(generateAccount())).status).toBe(401);
    });

    test("gate, pages and procedures know a visitor again, whatever is claimed", async ({ visit }) => {
      const visitor = visit(front);
      const { fullName } = await visitor.register(FORGERIES[0]![1]);
      for (const [what, claims] of FORGERIES) {
        const page = await visitor.page("/dashboard/account", claims);
        expect([page.status, page.headers["set-cookie"]], what).toEqual([200, undefined]);
        expect(page.body, what).toContain(fullName);
        const call = await visitor.query("auth.session", claims);
        expect([call.status, call.headers["set-cookie"]], what).toEqual([200, undefined]);
      }
      visitor.dropAccessCookie();
      const [, claims] = FORGERIES[1]!;
      const refreshed = await visitor.page("/dashboard/account", claims);
      expect([refreshed.status, refreshed.headers["set-cookie"]?.length]).toEqual([200, expect.any(Number)]);
      const after = await visitor.query("users.me");
      expect([after.status, after.headers["set-cookie"]]).toEqual([200, undefined]);
    });

    test("an access token works nowhere else, even for somebody who claims to be where it was made", async ({
      visit,
    }) => {
      const visitor = visit(front);
      await visitor.register();
      const home = visitor.source;
      visitor.source = anyAddress();
      for (const claims of claimsToBeAt(home)) {
        const page = await visitor.page("/dashboard/account", claims);
        expect(page.headers.location).toContain("/resume?next=");
      }
    });

    test("one network of IPv6 counts as one visitor, and the next as another", async ({ visit }) => {
      test.skip(!canTakeAddresses(), "this machine lets nobody add IPv6 addresses to its loopback interface");
      const [one, neighbour, stranger] = ["1::1", "1:ffff::2", "2::1"].map(
        (rest) => `2001:db8:${FRONTS.indexOf(front)}:${rest}`,
      ) as [string, string, string];
      for (const address of [one, neighbour, stranger]) takeAddress(address);

      const visitor = visit(front, one);
      await visitor.register(FORGERIES[0]![1]);
      expect(await visitor.addressOnDevices()).toBe(one);
      visitor.source = neighbour;
      expect((await visitor.page("/dashboard/account")).status, "a neighbour's page").toBe(200);
      visitor.source = stranger;
      expect((await visitor.page("/dashboard/account")).headers.location).toContain("/resume?next=");

      for (let at = 0; at < LOGINS_PER_MINUTE; at++) {
        const guess = await visit(front, at % 2 === 0 ? one : neighbour).login(generateAccount(), FORGERIES[at]![1]);
        expect(guess.status).toBe(401);
      }
      expect((await visit(front, one).login(generateAccount(), FORGERIES[1]![1])).status).toBe(429);
      expect((await visit(front, neighbour).login(generateAccount())).status).toBe(429);
      expect((await visit(front, stranger).login(generateAccount())).status).toBe(401);
    });

    test("so many header lines that some are lost lose nobody's address", async ({ visit }) => {
      const visitor = visit(front);
      const account = await visitor.register();
      for (const count of [90, 1_990, 2_100]) {
        const lines: HeaderLines = Array.from({ length: count }, () => ["P", ""] as const);
        const answer = await visitor.login(account, [["X-Forwarded-For", "203.0.113.9"], ...lines]);
        if (answer.status === 200) expect(await visitor.addressOnDevices()).toBe(visitor.source);
        else expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    });
  });
}

test("whoever comes past the outer proxy is taken for the inner one, and not for whom they claim to be", async ({
  fronts,
}) => {
  const visitor = new Visitor(fronts.innerDoor, fronts.origins["nginx and Caddy"], anyAddress());
  await visitor.register([["X-Forwarded-For", "203.0.113.9, 203.0.113.10"]]);
  expect(await visitor.addressOnDevices()).toBe("127.0.0.1");
});

function claimsToBeAt(address: string): HeaderLines[] {
  return [
    [["X-Forwarded-For", address]],
    [["X-Forwarded-For", `${address}, ${address}, ${address}`]],
    [
      ["X-Forwarded-For", address],
      ["X-Forwarded-For", `${address},`],
    ],
    [
      ["Forwarded", `for=${address}`],
      ["X-Real-IP", address],
      ["X-Portcullis-Address", address],
    ],
  ];
}
