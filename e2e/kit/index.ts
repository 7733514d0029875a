import {
  test as base,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Cookie,
  type Page,
} from "@playwright/test";
import { registerAccount, type Account, type NewAccount } from "./accounts";
import { addPasskey, Authenticator } from "./authenticator";
import { Calls } from "./calls";
import { collectPageErrors } from "./page-errors";
import { DedicatedServer, SHORT_LIFETIMES, type Variables } from "./dedicated-server";
import { Network } from "./network";
import { enrolApp, type EnrolledApp } from "./totp";

export { expect } from "@playwright/test";

interface Kit {
  /** Carries all traffic of this test's browsers; can drop and delay responses, and disconnect. */
  network: Network;
  /** A client with its own cookie jar, not signed in. */
  calls: Calls;
  /** Creates another client with its own cookie jar. */
  newCalls: (options?: { userAgent?: string }) => Promise<Calls>;
  /** A registered account without a session. */
  account: Account;
  newAccount: (given?: Partial<NewAccount>) => Promise<Account>;
  /** Signs a browser in through the API instead of the form. */
  signIn: (context: BrowserContext, account: Account, options?: { remember?: boolean }) => Promise<Calls>;
  /** Sets up an authenticator app for an account, by the procedures. */
  totp: (account: Account) => Promise<EnrolledApp>;
  /** The test's page, signed in as `account`; no page is loaded yet. */
  signedInPage: Page;
  /**
   * The test's page, signed in with a session that the tests of one worker, project and user agent share in sequence. Costs one
   * registration a worker instead of one a test; for tests that do not change account or session. Never save its storage state for
   * other browsers: two browsers with one refresh token count as theft, and the session ends.
   */
  workerPage: Page;
  /** The authenticator of the test's page; it keeps no passkey yet. */
  authenticator: Authenticator;
  /**
   * The authenticator with a passkey of `account`, which was made on the security page; the browser is signed out again. It confirms no
   * request: a suggestion of the login page would be accepted at once.
   */
  passkey: Authenticator;
  /** Opens another tab of the test's browser at `path`. */
  openTab: (path: string) => Promise<Page>;
  /** Opens another browser with its own cookies. */
  openBrowser: (options?: BrowserContextOptions) => Promise<BrowserContext>;
}

interface WorkerKit {
  /** The cookies that the last test of `workerPage` left, by origin and user agent. */
  workerCookies: Map<string, Cookie[]>;
}

/** Tests against the app at `baseURL`. Each has its own browsers, network and accounts, so none needs to clean up. */
export const test = base.extend<Kit, WorkerKit>({
  network: async ({}, use) => {
    const network = await Network.open();
    await use(network);
    await network.close();
  },

  proxy: async ({ network }, use) => use({ server: network.url }),

  context: async ({ context }, use) => {
    const errors = collectPageErrors(context);
    await use(context);
    test.expect(errors, "errors in the browser's console").toEqual([]);
  },

  newCalls: async ({ playwright, baseURL, network }, use) => {
    const opened: Calls[] = [];
    await use(async (options = {}) => {
      const request = await playwright.request.newContext({ ...options, proxy: { server: network.url } });
      opened.push(new Calls(request, originOf(baseURL)));
      return opened.at(-1)!;
    });
    for (const { request } of opened) await request.dispose();
  },

  calls: async ({ newCalls }, use) => use(await newCalls()),

  newAccount: async ({ newCalls }, use) => {
    const calls = await newCalls({ userAgent: "portcullis-kit" });
    await use(async (given) => {
      const account = await registerAccount(calls, given);
      if (!(await calls.mutate("auth.logout")).data.ok) throw new Error("The logout after the registration failed");
      return account;
    });
  },

  account: async ({ newAccount }, use) => use(await newAccount()),

  signIn: async ({ baseURL }, use) => {
    await use(async (context, account, { remember } = {}) => {
      const calls = new Calls(context.request, originOf(baseURL));
      await calls.signIn(account, remember);
      return calls;
    });
  },

  totp: async ({ newCalls }, use) => {
    await use(async (account) => enrolApp(await newCalls({ userAgent: "portcullis-kit" }), account));
  },

  signedInPage: async ({ page, account, signIn }, use) => {
    await signIn(page.context(), account);
    await use(page);
  },

  workerCookies: [async ({}, use) => use(new Map()), { scope: "worker" }],

  workerPage: [
    async ({ page, context, workerCookies, baseURL }, use) => {
      const calls = new Calls(context.request, originOf(baseURL));
      const browser = `${calls.origin} ${await page.evaluate(() => navigator.userAgent)}`;
      await context.addCookies(workerCookies.get(browser) ?? []);
      if ((await calls.query("auth.session")).error) await registerAccount(calls);
      await use(page);
      // Tokens rotate: the next test must use the newest one, because an older one counts as stolen.
      workerCookies.set(browser, await context.cookies());
    },
    { timeout: 120_000 },
  ],

  authenticator: async ({ page }, use) => use(await Authenticator.attach(page)),

  passkey: async ({ page, account, authenticator, signIn }, use) => {
    const calls = await signIn(page.context(), account);
    await addPasskey(page);
    await page.goto("about:blank");
    await calls.mutate("auth.logout");
    await authenticator.confirmRequests(false);
    await use(authenticator);
  },

  openTab: async ({ context }, use) => {
    await use(async (path) => {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    });
  },

  openBrowser: async ({ browser, network }, use) => {
    const opened: { context: BrowserContext; errors: string[] }[] = [];
    await use(async (options) => {
      const context = await openContext(network, browser, options);
      opened.push({ context, errors: collectPageErrors(context) });
      return context;
    });
    for (const { context, errors } of opened) {
      await context.close();
      test.expect(errors, "errors in another browser's console").toEqual([]);
    }
  },
});

interface DedicatedServerKit {
  /** Overrides for the environment of the dedicated app. */
  variables: Variables;
  /** The dedicated app and its database, one for each worker. */
  runningServer: DedicatedServer;
}

/**
 * Tests against a dedicated app and database, which they may stop, kill and restart. Tokens live for seconds, unless
 * `test.use({ variables: { … } })` sets other lifetimes.
 */
export const testOnDedicatedServer = test.extend<{ server: DedicatedServer }, DedicatedServerKit>({
  variables: [
    { ...SHORT_LIFETIMES, RATE_LIMIT_FACTOR: "1000" },
    { scope: "worker", option: true },
  ],

  runningServer: [
    async ({ variables }, use, { parallelIndex }) => {
      const server = await DedicatedServer.start(`own-${parallelIndex}`, variables);
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],

  /** The dedicated app and database. Whatever a test stops is started again after the test. */
  server: async ({ runningServer }, use) => {
    await use(runningServer);
    await runningServer.restore();
  },

  baseURL: async ({ runningServer }, use) => use(runningServer.url),
});

function openContext(network: Network, browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return browser.newContext({ proxy: { server: network.url }, ...options });
}

function originOf(baseURL: string | undefined): string {
  if (baseURL === undefined) throw new Error("The kit needs `use.baseURL` in the configuration of Playwright");
  return new URL(baseURL).origin;
}
