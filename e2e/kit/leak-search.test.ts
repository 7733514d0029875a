import { describe, expect, test } from "vitest";
import type { HttpExchange } from "./http-exchange";
import { findLeaks, extractSecrets } from "./leak-search";
import { tunnelTraffic, exchangeTraffic } from "./traffic";

const token = (claims: object) =>
  ["header", Buffer.from(JSON.stringify(claims)).toString("base64url"), "signature-of-43"].join(".");

const exchange = (given: Partial<HttpExchange>): HttpExchange => ({
  method: "GET",
  path: "/",
  requestHeaders: {},
  requestBody: "",
  requestId: null,
  status: 200,
  location: null,
  setCookies: [],
  ...given,
});

describe("a secret of an exchange is", () => {
  const refresh = token({ non: "nonce-of-this-generation" });

  test.each([
    ["a cookie that was sent", { requestHeaders: { cookie: `theme=dark; __ref=${refresh}` } }, refresh],
    ["a cookie that was set", { setCookies: [`__ref=${refresh}; Path=/; HttpOnly`] }, refresh],
    ["its signature alone", { setCookies: [`__ref=${refresh}; Path=/`] }, "signature-of-43"],
    ["the nonce inside it", { setCookies: [`__ref=${refresh}; Path=/`] }, "nonce-of-this-generation"],
    ["a password", { requestBody: '{"email":"a@b.c","password":"velvet otters"}' }, "velvet otters"],
    ["a new password in a batch", { requestBody: '{"0":{"newPassword":"velvet otters"}}' }, "velvet otters"],
    ["an authorization", { requestHeaders: { authorization: "Bearer something" } }, "Bearer something"],
    ["a query", { path: "/login?next=%2Fdashboard" }, "next=%2Fdashboard"],
  ])("%s", (_, given, secret) => {
    expect(extractSecrets(exchangeTraffic(exchange(given))).map(({ value }) => value)).toContain(secret);
  });

  test.each([
    ["a short password", { requestBody: '{"password":"wrong"}' }],
    ["a long one of a single letter", { requestBody: `{"password":"${"a".repeat(129)}"}` }],
    ["a cookie of one character", { requestHeaders: { cookie: "__acc=x" } }],
  ])("nothing that may stand in a log by chance: %s", (_, given) => {
    expect(extractSecrets(exchangeTraffic(exchange(given)))).toEqual([]);
  });
});

test("a tunnel that is not encrypted is read like any other wire", () => {
  const sent = [
    "GET /icon.svg HTTP/1.1\r\n\r\n",
    "POST /api/trpc/auth.login?batch=1 HTTP/1.1\r\nhost: x\r\nCookie: __acc=sent-cookie\r\n",
    '\r\n{"password":"velvet \\"otters\\""}GET /a?next=%2Fb HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n',
  ].join("");
  const file = "HTTP/1.1 200 OK\r\nx-request-id: of-a-file\r\n\r\n";
  const received = file + "HTTP/1.1 200 OK\r\nx-request-id: abcd-1234\r\nSet-Cookie: __ref=set-cookie; Path=/\r\n\r\n";
  const traffic = tunnelTraffic({ sent, received });
  expect(traffic.requestIds).toEqual(["abcd-1234"]);
  const values = extractSecrets(traffic).map(({ value }) => value);
  expect(values).toEqual(["sent-cookie", "set-cookie", 'velvet "otters"', "Bearer x", "next=%2Fb"]);
});

describe("a leak is found", () => {
  const secrets = [{ kind: "a password", value: 'velvet "otters" ü' }] as const;
  const wordy = (written: string) => `{"msg":"listening"}\n{"msg":"signed in with ${written}, as ada"}\n`;

  test.each([
    ["as it is", 'velvet "otters" ü'],
    ["as JSON writes it", 'velvet \\"otters\\" ü'],
    ["as an address writes it", "velvet%20%22otters%22%20%C3%BC"],
  ])("%s, with its line", (_, written) => {
    expect(findLeaks(wordy(written), secrets)).toEqual([{ kind: "a password", line: 2 }]);
  });

  test("at the very end, and not where there is only a part of it", () => {
    expect(findLeaks('velvet "otters" ü', secrets)).toHaveLength(1);
    expect(findLeaks(wordy('vlvet "otters" ü'), secrets)).toEqual([]);
  });
});
