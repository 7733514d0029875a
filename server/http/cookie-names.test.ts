import type { IncomingMessage, ServerResponse } from "node:http";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COOKIE_NAMES } from "@/server/auth/tokens/cookies";
import type { EntryResponse } from "./response";
import { startEntry } from "./testing";
import { createCookieTranslator, type CookieTranslator } from "./cookie-names";

const HERE = "http://localhost:3500";
const THERE = "http://localhost:3000";
const NAMES = new Set<string>(COOKIE_NAMES);
const CLEARED = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";

/** As `signToken` writes it, without a signature. */
function tokenOf(iss: unknown, more = "x"): string {
  return `e30.${Buffer.from(JSON.stringify({ iss, aud: iss, more })).toString("base64url")}.${"A".repeat(43)}`;
}

const OURS = tokenOf(HERE);
const FOREIGN = tokenOf(THERE);

/** What the app reads of the header, and what becomes of the cookies that it sets. */
function exchange(wire: CookieTranslator, header: string | undefined, set: string | string[] | undefined = undefined) {
  const request = { headers: header === undefined ? {} : { cookie: header } } as IncomingMessage;
  const renameIn = wire.translateRequest(request);
  let sent = set;
  const response = { getHeader: () => sent, replaceCookies: (lines: string[]) => (sent = lines) };
  renameIn?.(response as unknown as EntryResponse);
  return { read: request.headers.cookie, sent };
}

describe("over http, by what a request carries under one of the names", () => {
  const wire = createCookieTranslator(HERE, NAMES);
  const PLAIN = { none: "", ours: OURS, foreign: FOREIGN, garbage: "a.b.c", empty: "" };

  describe.each(["__acc", "__ref"])("%s", (name) => {
    test.each<[keyof typeof PLAIN, "none" | "present", string | undefined, string, boolean]>([
      // plain, with port, what the app reads, the name it is set by, whether the plain one is cleared too
      ["none", "none", undefined, name, false],
      ["ours", "none", OURS, name, false],
      ["garbage", "none", "a.b.c", name, false],
      ["empty", "none", "", name, false],
      ["foreign", "none", undefined, `${name}_3500`, false],
      ["none", "present", "ported", `${name}_3500`, false],
      ["ours", "present", "ported", `${name}_3500`, true],
      ["garbage", "present", "ported", `${name}_3500`, false],
      ["empty", "present", "ported", `${name}_3500`, false],
      ["foreign", "present", "ported", `${name}_3500`, false],
    ])("plain %s, with its port %s: reads %s, sets %s", (plain, ported, reads, sets, clearsPlain) => {
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
    });
  });

  test.each([
    ["both foreign", `__acc=${FOREIGN}; __ref=${FOREIGN}`, undefined, "__acc_3500", "__ref_3500"],
    ["the refresh cookie of the other app alone", `__ref=${FOREIGN}`, undefined, "__acc_3500", "__ref_3500"],
    ["the access cookie of the other app alone", `__acc=${FOREIGN}`, undefined, "__acc_3500", "__ref_3500"],
    ["our refresh cookie with its port alone", "__ref_3500=r", "__ref=r", "__acc_3500", "__ref_3500"],
    ["an empty one with our port", "__acc_3500=", undefined, "__acc", "__ref"],
    ["cookies of other ports alone", "__acc_3000=a; __ref_3000=r; __ref_35000=s", undefined, "__acc", "__ref"],
    [
      "foreign beside ours with port",
      `__acc=${FOREIGN}; __ref=${FOREIGN}; __ref_3500=r`,
      "__ref=r",
      "__acc_3500",
      "__ref_3500",
    ],
    [
      "our refresh cookie beside an access cookie of the other app",
      `__acc=${FOREIGN}; __ref=${OURS}`,
      `__ref=${OURS}`,
      "__acc_3500",
      "__ref_3500",
    ],
    ["garbage beside ours with port", "__acc=a.b.c; __ref_3500=r", "__ref=r", "__acc_3500", "__ref_3500"],
    ["names of https", "__Host-__acc=a; __Host-__ref=r", undefined, "__acc", "__ref"],
    ["names in another case", "__ACC_3500=a; theme_3500=b", "__ACC_3500=a; theme_3500=b", "__acc", "__ref"],
  ])("%s", (_, header, reads, access, refresh) => {
    const { read, sent } = exchange(wire, header, ["__acc=a", "__ref=b"]);
    expect(read).toBe(reads);
    const set = (sent as string[]).filter((line) => !line.endsWith("Max-Age=0"));
    expect(set.map((line) => line.split("=")[0])).toEqual([access, refresh]);
  });

  test.each([
    ["another port of this host", THERE, true],
    ["a port that begins like ours", "http://localhost:35001", true],
    ["a port that ours begins like", "http://localhost:350", true],
    ["the other scheme", "https://localhost:3500", true],
    ["the default port", "http://localhost", true],
    ["ours", HERE, false],
    ["another host, which has cookies of its own", "http://127.0.0.1:3000", false],
    ["somewhere else", "https://evil.test", false],
    ["no address", "somebody", false],
    ["no text", 7, false],
  ])("an issuer that is %s", (_, issuer, isForeign) => {
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
    `${OURS}.x`,
    '"x"',
  ])("%j is as good as none, and stays where it is", (value) =>
    expect(exchange(wire, `__ref=${value}`, "__ref=new")).toEqual({ read: `__ref=${value}`, sent: "__ref=new" }),
  );

  test("a token whose claims stand in another order is known as well", () => {
    const token = `e30.${Buffer.from(`{"sub":"x","iss":"${HERE}"}`).toString("base64url")}.x`;
    expect(exchange(wire, `__ref=${token}; __acc=${FOREIGN}`).read).toBe(`__ref=${token}`);
  });

  test("without a port in the origin the name has the scheme's", () => {
    const { sent } = exchange(
      createCookieTranslator("http://localhost", NAMES),
      `__ref=${FOREIGN}`,
      "__ref=new; Path=/",
    );
    expect(sent).toEqual(["__ref_80=new; Path=/"]);
  });

  test("one header line, several, and none are all renamed", () => {
    expect(exchange(wire, "__ref_3500=r", "__acc=a; Path=/").sent).toEqual(["__acc_3500=a; Path=/"]);
    expect(exchange(wire, "__ref_3500=r", ["x=__acc=1", "__accx=2"]).sent).toEqual(["x=__acc=1", "__accx=2"]);
    expect(exchange(wire, "__ref_3500=r").sent).toBeUndefined();
  });
});

/** A browser's jar for one host; every app of it sets cookies by what its own requests carried. */
class Neighbours {
  readonly jar = new Map<string, string>();
  readonly held: Record<string, { access: boolean; refresh: string | null }> = {};
  #count = 0;

  constructor(private readonly apps: Record<string, CookieTranslator>) {
    for (const origin in apps) this.held[origin] = { access: false, refresh: null };
  }

  ask(origin: string, act: "look" | "login" | "refresh" | "logout" | "drop access"): void {
    const mine = this.held[origin]!;
    const set: string[] = [];
    if (act === "login" || (act === "refresh" && mine.refresh !== null)) {
      mine.access = true;
      mine.refresh = tokenOf(origin, `${++this.#count}`);
      set.push(`__acc=${tokenOf(origin, "access")}; Path=/`, `__ref=${mine.refresh}; Path=/`);
    } else if (act === "logout" || act === "drop access") {
      mine.access = false;
      set.push(`__acc=${CLEARED}`);
      if (act === "logout") set.push(`__ref=${CLEARED}`);
      if (act === "logout") mine.refresh = null;
    }
    const { sent } = exchange(this.apps[origin]!, this.header, set);
    for (const line of sent as string[]) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (line.endsWith("Max-Age=0")) this.jar.delete(name!);
      else this.jar.set(name!, value!);
    }
  }

  /** What the browser does by itself before a refresh is due. */
  expireAccess(origin: string): void {
    for (const [name, value] of this.jar) {
      if (name.startsWith("__acc") && value === tokenOf(origin, "access")) this.jar.delete(name);
    }
    this.held[origin]!.access = false;
  }

  get header(): string | undefined {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ") || undefined;
  }

  /** What each app reads, beside what it has to read. */
  check(): void {
    for (const origin in this.apps) {
      const { access, refresh } = this.held[origin]!;
      const read = exchange(this.apps[origin]!, this.header).read?.split("; ").sort() ?? [];
      const due = [access && `__acc=${tokenOf(origin, "access")}`, refresh && `__ref=${refresh}`];
      expect(read, origin).toEqual(due.filter(Boolean));
    }
  }
}

test("apps on three ports of one host never read, replace or clear each other's cookies, whatever happens in which order", () => {
  const origins = [THERE, HERE, "http://localhost:35001"];
  const acts = fc.constantFrom("look", "login", "refresh", "logout", "drop access", "expire") as fc.Arbitrary<
    "look" | "login" | "refresh" | "logout" | "drop access" | "expire"
  >;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...origins), acts), { maxLength: 30 }), (steps) => {
      const browser = new Neighbours(
        Object.fromEntries(origins.map((origin) => [origin, createCookieTranslator(origin, NAMES)])),
      );
      for (const [origin, act] of steps) {
        if (act === "expire") browser.expireAccess(origin);
        else browser.ask(origin, act);
        browser.check();
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

test("an app that is alone uses the plain names all its life", () => {
  const browser = new Neighbours({ [HERE]: createCookieTranslator(HERE, NAMES) });
  for (const act of ["look", "login", "refresh", "drop access", "refresh", "logout", "login"] as const) {
    browser.ask(HERE, act);
    expect([...browser.jar.keys()].filter((name) => /\d/.test(name))).toEqual([]);
  }
});

describe("behind the entry", () => {
  const PREFIXED = "__Host-__acc=a; __Host-__ref=b";

  /** The cookies that the app reads, or the status if it is not asked. */
  async function readBehind(origin: string, ...lines: string[]): Promise<unknown> {
    let read: unknown = "not asked";
    const { sendRaw } = await startEntry(
      (request, response) => {
        read = request.headers.cookie;
        response.end();
      },
      { APP_ORIGIN: origin },
    );
    const head = [
      "GET /login HTTP/1.1",
      "Host: localhost",
      "Connection: close",
      ...lines.map((line) => `Cookie: ${line}`),
    ];
    const response = await sendRaw(`${head.join("\r\n")}\r\n\r\n`);
    return read === "not asked" ? Number(response.split(" ")[1]) : read;
  }

  test.each<[string, unknown, ...string[]]>([
    ["ours", PREFIXED, PREFIXED],
    ["a plain one", PREFIXED, `__acc=evil; ${PREFIXED}`],
    ["two plain ones of one name", PREFIXED, `__acc=evil; ${PREFIXED}; __acc=evil2; __ref=x; __ref=x`],
    ["two plain ones in two lines", undefined, "__acc=evil", "__acc=evil"],
    ["nothing but plain ones", undefined, "__acc=evil; __ref=evil"],
    ["a name with a port, which means nothing here", `__acc_443=x; ${PREFIXED}`, `__acc_443=x; ${PREFIXED}`],
    ["a no-break space before the name", PREFIXED, `${PREFIXED}; \xa0__Host-__ref=evil`],
    ["a no-break space after the name", PREFIXED, `${PREFIXED}; __Host-__ref\xa0=evil`],
    ["the UTF-8 of U+2000 before the name", undefined, "\xe2\x80\x80__Host-__ref=evil"],
    ["a next-line character before the name", undefined, "\x85__Host-__acc=evil; \xad__Host-__ref=evil"],
    ["names that are no tokens", "theme=dark", '(a=1; b,c=2; "d"=3; e@f=4; g/h=5; \xe9=6; {i}=7; theme=dark'],
    ["a nameless cookie", "theme=dark", "=__Host-__ref; evil; theme=dark; __Host-__acc"],
    ["a value that looks like more", "x=__Host-__ref=evil", "=__Host-__ref=evil; x=__Host-__ref=evil"],
    ["another case", "__host-__acc=x", "__host-__acc=x"],
    ["$Version", `$Version=1; ${PREFIXED}`, `$Version=1; ${PREFIXED}`],
    ["quotes, which are part of the value", '__Host-__ref="b"', '__Host-__ref="b"'],
    ["blanks", PREFIXED, "\t__Host-__acc \t=\t a;;  __Host-__ref=b ;"],
    ["two in two lines", PREFIXED, "__Host-__acc=a", "__Host-__ref=b"],
    ["one of ours twice", 400, `${PREFIXED}; __Host-__acc=c`],
    ["one of ours twice, in two lines", 400, PREFIXED, "__Host-__acc=a"],
    ["a thousand", `${"x=y; ".repeat(1000)}${PREFIXED}`, `${"x=y; ".repeat(1000)}${PREFIXED}`],
  ])("on https: %s", async (_, read, ...lines) => {
    expect(await readBehind("https://app.example.com", ...lines)).toEqual(read);
  });

  test.each<[string, unknown, ...string[]]>([
    ["ours", "__acc=a; __ref=b", "__acc=a; __ref=b"],
    ["a name of https", "__acc=a", "__Host-__acc=x; __acc=a"],
    ["a no-break space before the name", "__ref=b", "__ref=b; \xa0__ref=evil; \xa0__acc=evil"],
    ["one of ours twice", 400, "__acc=a; __acc=b"],
    ["one of ours with its port twice", 400, "__ref_3500=a; __ref_3500=b"],
    ["one of another port twice", undefined, "__ref_3000=a; __ref_3000=b"],
  ])("on http: %s", async (_, read, ...lines) => {
    expect(await readBehind(HERE, ...lines)).toEqual(read);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ["setHeader", (response) => response.setHeader("Set-Cookie", ["__acc=a; Path=/", "__ref=b"]).end()],
    [
      "appendHeader",
      (response) => response.appendHeader("set-cookie", "__acc=a; Path=/").appendHeader("Set-Cookie", "__ref=b").end(),
    ],
    [
      "writeHead with an object",
      (response) => response.writeHead(200, { "set-cookie": ["__acc=a; Path=/", "__ref=b"] }).end(),
    ],
    [
      "writeHead with a list",
      (response) => response.writeHead(200, ["set-cookie", "__acc=a; Path=/", "set-cookie", "__ref=b"] as never).end(),
    ],
    [
      "a response whose setHeader keeps the cookies of the middleware, as Next has it",
      (response) => {
        const setHeader = response.setHeader.bind(response);
        const kept = ["__acc=a; Path=/", "__ref=b"];
        response.setHeader = (name, value) =>
          setHeader(
            name,
            name.toLowerCase() === "set-cookie" ? [...new Set([...kept, ...[value].flat().map(String)])] : value,
          );
        response.setHeader("set-cookie", kept).end();
      },
    ],
    [
      "a head that is flushed",
      (response) => {
        response.setHeader("Set-Cookie", ["__acc=a; Path=/", "__ref=b"]);
        response.flushHeaders();
        process.nextTick(() => response.end());
      },
    ],
  ])("cookies are renamed that are set by %s", async (_, respond) => {
    const { request } = await startEntry((_request, response) => respond(response), { APP_ORIGIN: HERE });
    const { headers } = await request({ headers: { cookie: `__ref=${FOREIGN}` } });
    expect(headers["set-cookie"]).toEqual(["__acc_3500=a; Path=/", "__ref_3500=b"]);
    expect((await request()).headers["set-cookie"]).toEqual(["__acc=a; Path=/", "__ref=b"]);
  });
});
