import { expect } from "@playwright/test";
import { generateAccount } from "@/e2e/kit/accounts";
import type { HeaderLines } from "@/evidence/http-client";
import { FORGED_HEADERS } from "./forged-headers";
import { PROXY_SETUPS, test } from "./proxy-setups";
import { canAddLoopbackAddresses, addLoopbackAddress } from "./loopback-addresses";
import { randomLoopbackAddress, Client } from "./client";

const LOGINS_PER_MINUTE = 10;

for (const setup of PROXY_SETUPS) {
  test.describe(`behind ${setup}`, () => {
    test("the list of sessions shows the client's real address, whatever headers the client sends", async ({
      newClient,
    }) => {
      const account = await newClient(setup).register();
      for (const [what, headers] of FORGED_HEADERS) {
        const client = newClient(setup);
        expect((await client.login(account, headers)).status, what).toBe(200);
        expect(await client.addressInSessionList(), what).toBe(client.source);
      }
    });

    test("an address is limited to ten logins a minute, whatever headers the client sends", async ({ newClient }) => {
      const client = newClient(setup);
      for (let at = 0; at < LOGINS_PER_MINUTE; at++) {
        const [what, headers] = FORGED_HEADERS[at]!;
        expect((await client.login(generateAccount(), headers)).status, what).toBe(401);
      }
      for (const [what, headers] of FORGED_HEADERS) {
        expect((await client.login(generateAccount(), headers)).status, what).toBe(429);
      }
      // Neither another client nor the forged address is limited.
      expect((await newClient(setup).login(generateAccount())).status).toBe(401);
    });

    test("gate, pages and procedures accept a session with any forged headers", async ({ newClient }) => {
      const client = newClient(setup);
      const { fullName } = await client.register(FORGED_HEADERS[0]![1]);
      for (const [what, headers] of FORGED_HEADERS) {
        const page = await client.page("/dashboard/account", headers);
        expect([page.status, page.headers["set-cookie"]], what).toEqual([200, undefined]);
        expect(page.body, what).toContain(fullName);
        const call = await client.query("auth.session", headers);
        expect([call.status, call.headers["set-cookie"]], what).toEqual([200, undefined]);
      }
      client.jar.dropAccessToken();
      const [, headers] = FORGED_HEADERS[1]!;
      const refreshed = await client.page("/dashboard/account", headers);
      expect([refreshed.status, refreshed.headers["set-cookie"]?.length]).toEqual([200, expect.any(Number)]);
      const after = await client.query("users.me");
      expect([after.status, after.headers["set-cookie"]]).toEqual([200, undefined]);
    });

    test("an access token is refused from another address, even with forged headers", async ({ newClient }) => {
      const client = newClient(setup);
      await client.register();
      const home = client.source;
      client.source = randomLoopbackAddress();
      for (const headers of forgedHeadersFor(home)) {
        const page = await client.page("/dashboard/account", headers);
        expect(page.headers.location).toContain("/resume?next=");
      }
    });

    test("an IPv6 /64 network counts as one client, and the next network as another", async ({ newClient }) => {
      test.skip(!canAddLoopbackAddresses(), "IPv6 addresses cannot be added to the loopback interface");
      const [one, neighbour, outsider] = ["1::1", "1:ffff::2", "2::1"].map(
        (rest) => `2001:db8:${PROXY_SETUPS.indexOf(setup)}:${rest}`,
      ) as [string, string, string];
      for (const address of [one, neighbour, outsider]) addLoopbackAddress(address);

      const client = newClient(setup, one);
      await client.register(FORGED_HEADERS[0]![1]);
      expect(await client.addressInSessionList()).toBe(one);
      client.source = neighbour;
      expect((await client.page("/dashboard/account")).status, "a neighbour's page").toBe(200);
      client.source = outsider;
      expect((await client.page("/dashboard/account")).headers.location).toContain("/resume?next=");

      for (let at = 0; at < LOGINS_PER_MINUTE; at++) {
        const guess = await newClient(setup, at % 2 === 0 ? one : neighbour).login(
          generateAccount(),
          FORGED_HEADERS[at]![1],
        );
        expect(guess.status).toBe(401);
      }
      expect((await newClient(setup, one).login(generateAccount(), FORGED_HEADERS[1]![1])).status).toBe(429);
      expect((await newClient(setup, neighbour).login(generateAccount())).status).toBe(429);
      expect((await newClient(setup, outsider).login(generateAccount())).status).toBe(401);
    });

    test("more header lines than the server keeps do not change the client's address", async ({ newClient }) => {
      const client = newClient(setup);
      const account = await client.register();
      for (const count of [90, 1_990, 2_100]) {
        const lines: HeaderLines = Array.from({ length: count }, () => ["P", ""] as const);
        const response = await client.login(account, [["X-Forwarded-For", "203.0.113.9"], ...lines]);
        if (response.status === 200) expect(await client.addressInSessionList()).toBe(client.source);
        else expect(response.status).toBeGreaterThanOrEqual(400);
      }
    });
  });
}

test("a client that bypasses the outer proxy gets the inner proxy's address, not a forged one", async ({ proxies }) => {
  const client = new Client(proxies.innerEndpoint, proxies.origins["nginx and Caddy"], randomLoopbackAddress());
  await client.register([["X-Forwarded-For", "203.0.113.9, 203.0.113.10"]]);
  expect(await client.addressInSessionList()).toBe("127.0.0.1");
});

function forgedHeadersFor(address: string): HeaderLines[] {
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
