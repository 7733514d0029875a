import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ProbeResult } from "./http-client";
import { judgeCookies } from "./judge-cookies";
import { response, deploymentFacts, failed, probeFacts, setCookies } from "./testing";

const judge = (logout: ProbeResult, origin = "https://app.example.com") =>
  judgeCookies(deploymentFacts({ origin: new URL(origin) }), probeFacts({ logout }));

test("cookies: unchanged cookies are healthy", () => {
  expect(idsOf(judge(setCookies()))).toEqual([]);
});

test("cookies: localhost needs neither prefix nor Secure", () => {
  const rest = "Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
  const local = response(200, { "set-cookie": [`__acc=; ${rest}`, `__ref=; ${rest}`] });
  expect(idsOf(judge(local, "http://localhost:3000"))).toEqual([]);
  expect(idsOf(judge(local))).toEqual(["✗ cookie-name"]);
  expect(idsOf(judge(setCookies(), "http://localhost:3000"))).toEqual(["✗ cookie-name"]);
});

test.each([
  ["Secure", ["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=0"]],
  ["HttpOnly", ["Path=/", "Secure", "SameSite=Lax", "Max-Age=0"]],
  ["SameSite", ["Path=/", "Secure", "HttpOnly", "Max-Age=0"]],
  ["SameSite=None instead", ["Path=/", "Secure", "HttpOnly", "SameSite=None", "Max-Age=0"]],
  ["the path", ["Path=/app", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=0"]],
  ["the end", ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]],
])("cookies without %s are a problem", (_, attributes) => {
  expect(idsOf(judge(setCookies(...attributes)))).toEqual(["✗ cookie-attributes"]);
});

test("cookies: a Domain attribute is a problem", () => {
  const group = judge(setCookies("Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=0", "Domain=example.com"));
  expect(idsOf(group)).toEqual(["✗ cookie-attributes"]);
  expect(group.findings[0]?.says).toContain("with Domain=example.com");
});

test("cookies: an identical problem of both is one finding", () => {
  const [finding, ...others] = judge(setCookies("Path=/", "Secure", "SameSite=Lax", "Max-Age=0")).findings;
  expect(finding?.says).toBe("Each of __Host-__acc and __Host-__ref is set without HttpOnly.");
  expect(others).toEqual([]);
});

test("cookies: a duplicate or missing cookie is a problem", () => {
  const [access = "", refresh = ""] = setCookies()
    .headers.filter(([name]) => name === "set-cookie")
    .map(([, value]) => value);
  expect(idsOf(judge(response(200, { "set-cookie": [access, refresh, refresh] })))).toEqual(["✗ cookie-doubled"]);
  expect(idsOf(judge(response(200, { "set-cookie": [access] })))).toEqual(["✗ cookie-name"]);
});

test("cookies: a refused logout points to APP_ORIGIN, a failed one to the proxy", () => {
  expect(idsOf(judge(response(403)))).toEqual(["✗ origin-refused"]);
  expect(idsOf(judge(response(415)))).toEqual(["✗ logout-fails"]);
  expect(idsOf(judge(failed("ECONNRESET")))).toEqual(["✗ logout-fails"]);
});
