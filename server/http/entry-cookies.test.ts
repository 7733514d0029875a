import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { startEntry, tokenOf } from "./testing";

const HERE = "http://localhost:3500";
const THERE = "http://localhost:3000";
const FOREIGN_TOKEN = tokenOf(THERE);

describe("cookie names behind the entry", () => {
  const PREFIXED = "__Host-__acc=a; __Host-__ref=b";

  /** The Cookie header that the app receives, or the status if the entry rejects the request. */
  async function readBehind(origin: string, ...lines: string[]): Promise<unknown> {
    let read: unknown = "not called";
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
    return read === "not called" ? Number(response.split(" ")[1]) : read;
  }

  test.each<[string, unknown, ...string[]]>([
    ["ours", PREFIXED, PREFIXED],
    ["a plain cookie", PREFIXED, `__acc=evil; ${PREFIXED}`],
    ["a duplicate plain cookie", PREFIXED, `__acc=evil; ${PREFIXED}; __acc=evil2; __ref=x; __ref=x`],
    ["a duplicate plain cookie in two lines", undefined, "__acc=evil", "__acc=evil"],
    ["plain cookies alone", undefined, "__acc=evil; __ref=evil"],
    ["a name with a port, which has no meaning on https", `__acc_443=x; ${PREFIXED}`, `__acc_443=x; ${PREFIXED}`],
    ["a no-break space before the name", PREFIXED, `${PREFIXED}; \xa0__Host-__ref=evil`],
    ["a no-break space after the name", PREFIXED, `${PREFIXED}; __Host-__ref\xa0=evil`],
    ["the UTF-8 of U+2000 before the name", undefined, "\xe2\x80\x80__Host-__ref=evil"],
    ["a next-line character before the name", undefined, "\x85__Host-__acc=evil; \xad__Host-__ref=evil"],
    ["names that are not tokens", "theme=dark", '(a=1; b,c=2; "d"=3; e@f=4; g/h=5; \xe9=6; {i}=7; theme=dark'],
    ["a nameless cookie", "theme=dark", "=__Host-__ref; evil; theme=dark; __Host-__acc"],
    ["a value that looks like a cookie", "x=__Host-__ref=evil", "=__Host-__ref=evil; x=__Host-__ref=evil"],
    ["a name in lower case", "__host-__acc=x", "__host-__acc=x"],
    ["$Version", `$Version=1; ${PREFIXED}`, `$Version=1; ${PREFIXED}`],
    ["quotes, which are part of the value", '__Host-__ref="b"', '__Host-__ref="b"'],
    ["blanks", PREFIXED, "\t__Host-__acc \t=\t a;;  __Host-__ref=b ;"],
    ["two cookies in two lines", PREFIXED, "__Host-__acc=a", "__Host-__ref=b"],
    ["a duplicate session cookie", 400, `${PREFIXED}; __Host-__acc=c`],
    ["a duplicate session cookie in two lines", 400, PREFIXED, "__Host-__acc=a"],
    ["a thousand cookies", `${"x=y; ".repeat(1000)}${PREFIXED}`, `${"x=y; ".repeat(1000)}${PREFIXED}`],
  ])("cookie names on https: %s", async (_, read, ...lines) => {
    expect(await readBehind("https://app.example.com", ...lines)).toEqual(read);
  });

  test.each<[string, unknown, ...string[]]>([
    ["ours", "__acc=a; __ref=b", "__acc=a; __ref=b"],
    ["a __Host- name", "__acc=a", "__Host-__acc=x; __acc=a"],
    ["a no-break space before the name", "__ref=b", "__ref=b; \xa0__ref=evil; \xa0__acc=evil"],
    ["a duplicate session cookie", 400, "__acc=a; __acc=b"],
    ["a duplicate session cookie with our port", 400, "__ref_3500=a; __ref_3500=b"],
    ["a duplicate cookie of another port", undefined, "__ref_3000=a; __ref_3000=b"],
  ])("cookie names on http, behind the entry: %s", async (_, read, ...lines) => {
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
      "a setHeader that adds the middleware's cookies again, as that of Next does",
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
      "flushed headers",
      (response) => {
        response.setHeader("Set-Cookie", ["__acc=a; Path=/", "__ref=b"]);
        response.flushHeaders();
        process.nextTick(() => response.end());
      },
    ],
  ])("cookie names: Set-Cookie lines are renamed when set by %s", async (_, respond) => {
    const { request } = await startEntry((_request, response) => respond(response), { APP_ORIGIN: HERE });
    const { headers } = await request({ headers: { cookie: `__ref=${FOREIGN_TOKEN}` } });
    expect(headers["set-cookie"]).toEqual(["__acc_3500=a; Path=/", "__ref_3500=b"]);
    expect((await request()).headers["set-cookie"]).toEqual(["__acc=a; Path=/", "__ref=b"]);
  });
});
