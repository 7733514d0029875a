import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COOKIE_NAMES } from "@/server/auth/tokens/cookies";
import type { EntryResponse } from "./response";
import { tokenOf } from "./testing";
import { createCookieTranslator, type CookieTranslator } from "./cookie-names";

const HERE = "http://localhost:3500";
const THERE = "http://localhost:3000";
const NAMES = new Set<string>(COOKIE_NAMES);
const CLEARED = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";

const OWN_TOKEN = tokenOf(HERE);
const FOREIGN_TOKEN = tokenOf(THERE);

/** Translates a request and a response: the cookies that the app reads, and the Set-Cookie lines that are sent. */
function exchange(wire: CookieTranslator, header: string | undefined, set: string | string[] | undefined = undefined) {
  const request = { headers: header === undefined ? {} : { cookie: header } } as IncomingMessage;
  const renameIn = wire.translateRequest(request);
  let sent = set;
  const response = { getHeader: () => sent, replaceCookies: (lines: string[]) => (sent = lines) };
  renameIn?.(response as unknown as EntryResponse);
  return { read: request.headers.cookie, sent };
}

describe("cookie names on http", () => {
  const wire = createCookieTranslator(HERE, NAMES);
  const PLAIN = { none: "", ours: OWN_TOKEN, foreign: FOREIGN_TOKEN, garbage: "a.b.c", empty: "" };

  describe.each(["__acc", "__ref"])("%s", (name) => {
    test.each<[keyof typeof PLAIN, "none" | "present", string | undefined, string, boolean]>([
      // plain cookie, cookie with port, what the app reads, the name that is set, whether the plain one is cleared too
      ["none", "none", undefined, name, false],
      ["ours", "none", OWN_TOKEN, name, false],
      ["garbage", "none", "a.b.c", name, false],
      ["empty", "none", "", name, false],
      ["foreign", "none", undefined, `${name}_3500`, false],
      ["none", "present", "ported", `${name}_3500`, false],
      ["ours", "present", "ported", `${name}_3500`, true],
      ["garbage", "present", "ported", `${name}_3500`, false],
      ["empty", "present", "ported", `${name}_3500`, false],
      ["foreign", "present", "ported", `${name}_3500`, false],
    ])(
      "cookie names on http: plain %s, with port %s: the app reads %s and sets %s",
      (plain, ported, reads, sets, clearsPlain) => {
        const header = [
          plain === "none" ? [] : [`${name}=${PLAIN[plain]}`],
          ported === "none" ? [] : [`${name}_3500=ported`],
        ].flat();
        for (const set of [`${name}=new; Path=/; Max-Age=540`, `${name}=${CLEARED}`]) {
          const { read, sent } = exchange(wire, header.join("; ") || undefined, [set, "theme=dark"]);
          expect(read).toBe(reads === undefined ? undefined : `${name}=${reads}`);
          const renamed = [set.replace(name, sets)];
          expect(sent).toEqual([...renamed, ...(clearsPlain ? [`${name}=${CLEARED}`] : []), "theme=dark"]);
        }
      },
    );
  });

  test.each([
    [
      "both cookies of another app",
      `__acc=${FOREIGN_TOKEN}; __ref=${FOREIGN_TOKEN}`,
      undefined,
      "__acc_3500",
      "__ref_3500",
    ],
    ["the refresh cookie of another app alone", `__ref=${FOREIGN_TOKEN}`, undefined, "__acc_3500", "__ref_3500"],
    ["the access cookie of another app alone", `__acc=${FOREIGN_TOKEN}`, undefined, "__acc_3500", "__ref_3500"],
    ["our refresh cookie with port alone", "__ref_3500=r", "__ref=r", "__acc_3500", "__ref_3500"],
    ["an empty cookie with our port", "__acc_3500=", undefined, "__acc", "__ref"],
    ["cookies of other ports alone", "__acc_3000=a; __ref_3000=r; __ref_35000=s", undefined, "__acc", "__ref"],
    [
      "cookies of another app, and ours with port",
      `__acc=${FOREIGN_TOKEN}; __ref=${FOREIGN_TOKEN}; __ref_3500=r`,
      "__ref=r",
      "__acc_3500",
      "__ref_3500",
    ],
    [
      "our refresh cookie, and an access cookie of another app",
      `__acc=${FOREIGN_TOKEN}; __ref=${OWN_TOKEN}`,
      `__ref=${OWN_TOKEN}`,
      "__acc_3500",
      "__ref_3500",
    ],
    ["an invalid token, and ours with port", "__acc=a.b.c; __ref_3500=r", "__ref=r", "__acc_3500", "__ref_3500"],
    ["__Host- names", "__Host-__acc=a; __Host-__ref=r", undefined, "__acc", "__ref"],
    ["names in upper case", "__ACC_3500=a; theme_3500=b", "__ACC_3500=a; theme_3500=b", "__acc", "__ref"],
  ])("cookie names on http: %s", (_, header, reads, access, refresh) => {
    const { read, sent } = exchange(wire, header, ["__acc=a", "__ref=b"]);
    expect(read).toBe(reads);
    const set = (sent as string[]).filter((line) => !line.endsWith("Max-Age=0"));
    expect(set.map((line) => line.split("=")[0])).toEqual([access, refresh]);
  });

  test.each([
    ["another port of this host", THERE, true],
    ["a port that has ours as prefix", "http://localhost:35001", true],
    ["a port that is a prefix of ours", "http://localhost:350", true],
    ["the other scheme", "https://localhost:3500", true],
    ["the default port", "http://localhost", true],
    ["this origin", HERE, false],
    ["another host, which does not share cookies", "http://127.0.0.1:3000", false],
    ["another site", "https://evil.test", false],
    ["not a URL", "somebody", false],
    ["not a string", 7, false],
  ])("cookie names on http: the token issuer is %s", (_, issuer, isForeign) => {
    const token = tokenOf(issuer);
    expect(exchange(wire, `__ref=${token}`).read).toBe(isForeign ? undefined : `__ref=${token}`);
  });

  test.each([
    "",
    ".",
    "..",
    "a",
    "a.b",
    "e30.e30.x",
    "e30.bnVsbA.x",
    "e30.WzFd.x",
    "e30.InsiaXNzIjoxfSI.x",
    `${OWN_TOKEN}.x`,
    '"x"',
  ])("cookie names on http: %j is not a token, and keeps its plain name", (value) =>
    expect(exchange(wire, `__ref=${value}`, "__ref=new")).toEqual({ read: `__ref=${value}`, sent: "__ref=new" }),
  );

  test("cookie names on http: a token with its claims in another order is recognised", () => {
    const token = `e30.${Buffer.from(`{"sub":"x","iss":"${HERE}"}`).toString("base64url")}.x`;
    expect(exchange(wire, `__ref=${token}; __acc=${FOREIGN_TOKEN}`).read).toBe(`__ref=${token}`);
  });

  test("cookie names on http: an origin without a port uses the default port", () => {
    const { sent } = exchange(
      createCookieTranslator("http://localhost", NAMES),
      `__ref=${FOREIGN_TOKEN}`,
      "__ref=new; Path=/",
    );
    expect(sent).toEqual(["__ref_80=new; Path=/"]);
  });

  test("cookie names on http: one Set-Cookie line, several and none are handled", () => {
    expect(exchange(wire, "__ref_3500=r", "__acc=a; Path=/").sent).toEqual(["__acc_3500=a; Path=/"]);
    expect(exchange(wire, "__ref_3500=r", ["x=__acc=1", "__accx=2"]).sent).toEqual(["x=__acc=1", "__accx=2"]);
    expect(exchange(wire, "__ref_3500=r").sent).toBeUndefined();
  });
});

/** The cookie jar of a browser for one host, shared by the apps on its ports. */
class SharedCookieJar {
  readonly jar = new Map<string, string>();
  readonly held: Record<string, { access: boolean; refresh: string | null }> = {};
  #count = 0;

  constructor(private readonly apps: Record<string, CookieTranslator>) {
    for (const origin in apps) this.held[origin] = { access: false, refresh: null };
  }

  send(origin: string, action: "load" | "login" | "refresh" | "logout" | "drop access"): void {
    const mine = this.held[origin]!;
    const set: string[] = [];
    if (action === "login" || (action === "refresh" && mine.refresh !== null)) {
      mine.access = true;
      mine.refresh = tokenOf(origin, `${++this.#count}`);
      set.push(`__acc=${tokenOf(origin, "access")}; Path=/`, `__ref=${mine.refresh}; Path=/`);
    } else if (action === "logout" || action === "drop access") {
      mine.access = false;
      set.push(`__acc=${CLEARED}`);
      if (action === "logout") set.push(`__ref=${CLEARED}`);
      if (action === "logout") mine.refresh = null;
    }
    const { sent } = exchange(this.apps[origin]!, this.header, set);
    for (const line of sent as string[]) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (line.endsWith("Max-Age=0")) this.jar.delete(name!);
      else this.jar.set(name!, value!);
    }
  }

  /** Expires the access cookie, as the browser does. */
  expireAccess(origin: string): void {
    for (const [name, value] of this.jar) {
      if (name.startsWith("__acc") && value === tokenOf(origin, "access")) this.jar.delete(name);
    }
    this.held[origin]!.access = false;
  }

  get header(): string | undefined {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ") || undefined;
  }

  /** Expects each app to read exactly its own cookies. */
  check(): void {
    for (const origin in this.apps) {
      const { access, refresh } = this.held[origin]!;
      const read = exchange(this.apps[origin]!, this.header).read?.split("; ").sort() ?? [];
      const due = [access && `__acc=${tokenOf(origin, "access")}`, refresh && `__ref=${refresh}`];
      expect(read, origin).toEqual(due.filter(Boolean));
    }
  }
}

test("cookie names on http: apps on three ports of one host never read, replace or clear each other's cookies, in any order of actions", () => {
  const origins = [THERE, HERE, "http://localhost:35001"];
  const actions = fc.constantFrom("load", "login", "refresh", "logout", "drop access", "expire") as fc.Arbitrary<
    "load" | "login" | "refresh" | "logout" | "drop access" | "expire"
  >;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...origins), actions), { maxLength: 30 }), (steps) => {
      const browser = new SharedCookieJar(
        Object.fromEntries(origins.map((origin) => [origin, createCookieTranslator(origin, NAMES)])),
      );
      for (const [origin, action] of steps) {
        if (action === "expire") browser.expireAccess(origin);
        else browser.send(origin, action);
        browser.check();
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

test("cookie names on http: an app without others on its host always uses the plain names", () => {
  const browser = new SharedCookieJar({ [HERE]: createCookieTranslator(HERE, NAMES) });
  for (const action of ["load", "login", "refresh", "drop access", "refresh", "logout", "login"] as const) {
    browser.send(HERE, action);
    expect([...browser.jar.keys()].filter((name) => /\d/.test(name))).toEqual([]);
  }
});
