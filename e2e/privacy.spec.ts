import { expect, test } from "@/e2e/kit";
import { routesIn } from "@/e2e/headers/routes";

const PRIVATE_PAGES = routesIn("app").filter((path) => path.startsWith("/dashboard"));

test("private pages: each shows a sign-out button, stores nothing in the browser and sends requests only to its own origin", async ({
  signedInPage: page,
  account,
  baseURL,
}) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  for (const path of PRIVATE_PAGES) {
    await page.goto(path);
    await expect(page.getByRole("banner").getByRole("button", { name: "Sign out", exact: true })).toBeVisible();
    await page.waitForLoadState("networkidle");
  }
  const stored = await page.evaluate(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    cookies: document.cookie,
  }));
  expect(stored).toMatchObject({ local: {}, databases: 0, caches: 0, cookies: "" });
  expect(JSON.stringify(stored)).not.toContain(account.email);

  expect(asked.length).toBeGreaterThan(PRIVATE_PAGES.length);
  expect(asked.filter((url) => !url.startsWith("data:") && new URL(url).origin !== baseURL)).toEqual([]);
  expect(asked.filter((url) => decodeURIComponent(url).includes(account.email))).toEqual([]);
});
