import { randomBytes } from "node:crypto";
import { expect, testOnDedicatedServer as test } from "./kit";
import { Calls } from "./kit/calls";
import { appLogFile } from "./kit/redaction-records";
import { SHORT_LIFETIMES } from "./kit/dedicated-server";
import { startApp } from "@/scripts/app.mjs";

test("two apps on two ports of localhost keep separate sessions in one browser, in either order of sign-in", async ({
  server,
  context,
  page,
  account,
}) => {
  const secret = () => randomBytes(32).toString("base64url");
  const neighbour = await startApp({
    env: {
      ...SHORT_LIFETIMES,
      RATE_LIMIT_FACTOR: "1000",
      DATABASE_URL: server.database.url,
      SESSION_SECRET: secret(),
      JWT_ACCESS_SECRET: secret(),
      // ENCRYPTION_SECRET is that of the other app: it belongs to the database.
    },
    log: appLogFile(`neighbour-${Date.now()}`),
  });
  const apps = [server.url, neighbour.url].map((origin) => new Calls(context.request, origin));
  const { email, password } = account;
  // On a busy machine the first responses of an app may time out.
  const signIn = async (app: Calls) => {
    let names: string[] = [];
    await expect(async () => {
      const { setCookies } = await app.mutate("auth.login", { email, password });
      names = setCookies.map(({ name }) => name).sort();
      expect(names).toHaveLength(2);
    }).toPass();
    return names;
  };
  const isSignedIn = async (app: Calls) => (await app.query("auth.session")).status === 200;
  const accessCookies = async () => (await context.cookies()).filter(({ name }) => name.startsWith("__acc"));

  try {
    for (const [first, second] of [apps, apps.toReversed()] as [Calls, Calls][]) {
      expect(await signIn(first)).toEqual(["__acc", "__ref"]);
      const { port } = new URL(second.origin);
      expect(await signIn(second)).toEqual([`__acc_${port}`, `__ref_${port}`]);
      // Twice, so that the tokens of the first refresh are refreshed too.
      for (let refreshes = 0; refreshes < 2; refreshes++) {
        await expect.poll(accessCookies).toEqual([]);
        for (const { origin } of [first, second]) {
          // On a busy machine a response may exceed the time limit of a request, here 3 s. It is cut, and the page never finishes loading.
          await expect(async () => {
            await page.goto(`${origin}/dashboard`, { timeout: 15_000 });
            await expect(page).toHaveURL(`${origin}/dashboard`);
            await expect(page.getByRole("heading", { level: 1 })).toContainText("Ada");
          }).toPass();
        }
      }
      expect((await second.mutate("auth.logout")).status).toBe(200);
      expect([await isSignedIn(first), await isSignedIn(second)]).toEqual([true, false]);

      await signIn(second);
      expect((await first.mutate("auth.logout")).status).toBe(200);
      expect([await isSignedIn(first), await isSignedIn(second)]).toEqual([false, true]);
      expect((await second.mutate("auth.logout")).status).toBe(200);
      expect((await context.cookies()).filter(({ name }) => /^__(acc|ref)/.test(name))).toEqual([]);
    }
  } finally {
    await neighbour.stop();
  }
});
