import { createRemoteJWKSet, jwtVerify } from "jose";
import type { BrowserContext, Page } from "@playwright/test";
import { expect, test } from "@/e2e/kit";

/** Calls `getAccessToken` of the page's own `useAuth()`, found through React once it is hydrated: no page shows a token. */
async function accessTokens(page: Page, calls = 1): Promise<string[]> {
  return page.evaluate(async (count) => {
    type GetAccessToken = () => Promise<string>;
    type Fiber = { return: Fiber | null; memoizedProps: { value?: { getAccessToken?: GetAccessToken } } | null };
    const find = (): GetAccessToken | null => {
      const nodes = [...document.querySelectorAll("*")] as unknown as Record<string, Fiber>[];
      const keyOf = (node: object) => Object.keys(node).find((key) => key.startsWith("__reactFiber$"));
      for (const node of nodes.toReversed()) {
        const key = keyOf(node);
        for (let fiber: Fiber | null = key ? node[key]! : null; fiber !== null; fiber = fiber.return) {
          const get = fiber.memoizedProps?.value?.getAccessToken;
          if (get !== undefined) return get;
        }
      }
      return null;
    };
    const deadline = performance.now() + 20_000;
    let get = find();
    for (; get === null && performance.now() < deadline; get = find()) await new Promise(requestAnimationFrame);
    if (get === null) throw new Error("The page has no AuthProvider.");
    return Promise.all(Array.from({ length: count }, get));
  }, calls);
}

/** The status of a call to this app's API, as a page makes it. */
const callWith = (page: Page, token: string, credentials: RequestCredentials) =>
  page.evaluate(
    async ([authorization, cookies]) => {
      const init = { headers: { authorization: authorization! }, credentials: cookies as RequestCredentials };
      return (await fetch("/api/trpc/users.me", init)).status;
    },
    [`Bearer ${token}`, credentials],
  );

/** Everything that the page, the browser and its cookies keep, as text. */
async function keptIn(page: Page, context: BrowserContext): Promise<string> {
  const inPage = await page.evaluate(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await caches.keys(),
    cookies: document.cookie,
    html: document.documentElement.outerHTML,
    place: [location.href, document.referrer, window.name, JSON.stringify(history.state)],
    globals: Object.entries(window)
      .filter(([, value]) => typeof value === "string")
      .map(([, value]) => String(value)),
  }));
  expect([inPage.databases, inPage.caches]).toEqual([[], []]);
  return JSON.stringify([inPage, await context.storageState()]);
}

test("bearer tokens: twenty parallel calls of a page make one request, and any verifier accepts the token by the published keys", async ({
  signedInPage: page,
  baseURL,
}) => {
  await page.goto("/dashboard");
  const requests: string[] = [];
  page.on("request", (request) => request.url().includes("auth.accessToken") && requests.push(request.url()));
  const tokens = await accessTokens(page, 20);
  expect([new Set([...tokens, ...(await accessTokens(page))]).size, requests.length]).toEqual([1, 1]);

  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", baseURL));
  const options = { issuer: baseURL!, audience: baseURL!, typ: "at+jwt", algorithms: ["ES256"] };
  const { payload } = await jwtVerify(tokens[0]!, keys, options);
  expect(Object.keys(payload)).not.toEqual(expect.arrayContaining(["email"]));
  expect(await callWith(page, tokens[0]!, "omit")).toBe(200);
  expect(await callWith(page, tokens[0]!, "same-origin"), "a bearer token besides a session cookie").toBe(400);
});

test("bearer tokens: a page keeps one in memory only, not in storage, markup, cookies or addresses", async ({
  signedInPage: page,
  context,
}) => {
  await page.goto("/dashboard/security");
  const [token] = await accessTokens(page);
  for (const path of ["/dashboard", "/dashboard/account"]) {
    await page.getByRole("navigation", { name: "Main" }).locator(`a[href="${path}"]`).click();
    await expect(page).toHaveURL(path);
    expect(await accessTokens(page), "the same token after a navigation inside the app").toEqual([token]);
    const kept = await keptIn(page, context);
    // The signature alone identifies it; the payload could be kept in another form.
    for (const part of token!.split(".").slice(1)) expect(kept).not.toContain(part);
  }
  await page.reload();
  expect(await accessTokens(page), "a new one after a reload").not.toEqual([token]);
});

test("bearer tokens: a logout in one tab ends those of all tabs, in the browser at once and on the server within seconds", async ({
  signedInPage: page,
  openTab,
  newCalls,
}) => {
  await page.goto("/dashboard");
  const other = await openTab("/dashboard");
  const [token] = await accessTokens(page);
  const program = await newCalls();
  const read = () => program.query("users.me", undefined, { authorization: `Bearer ${token}` });
  expect((await read()).status).toBe(200);

  await other.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  await expect.poll(async () => (await read()).status).toBe(401);
  await expect(accessTokens(page)).rejects.toThrow();
});
