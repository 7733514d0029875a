import { expect, test } from "vitest";
import { clearsSession, CookieJar, jarWithRefreshToken } from "./cookie-jar";

function jarAt(start = 1_000_000) {
  const clock = { now: start };
  return { clock, jar: new CookieJar(() => clock.now) };
}

test("cookie jar: the last Set-Cookie of a name wins, in the order of arrival", () => {
  const { jar } = jarAt();
  jar.store("__ref=newer; Path=/; Max-Age=60");
  jar.store("__ref=slower; Path=/; Max-Age=60");
  expect(jar.header).toBe("__ref=slower");
});

test("cookie jar: does not send a cookie after its Max-Age", () => {
  const { jar, clock } = jarAt();
  jar.store("__acc=a; Max-Age=4; HttpOnly");
  jar.store("__ref=r; Max-Age=60; HttpOnly");
  clock.now += 3999;
  expect(jar.header).toBe("__acc=a; __ref=r");
  clock.now += 1;
  expect(jar.header).toBe("__ref=r");
  expect(jar.accessToken).toBeNull();
});

test("cookie jar: keeps a cookie without Max-Age", () => {
  const { jar, clock } = jarAt();
  jar.store("__acc=a; Path=/");
  clock.now += 365 * 24 * 3600 * 1000;
  expect(jar.accessToken).toBe("a");
});

test("cookie jar: removes a cookie with Max-Age 0", () => {
  const { jar } = jarAt();
  jar.store("__ref=r; Max-Age=60");
  jar.store("__ref=; Path=/; Max-Age=0");
  expect(jar.header).toBeUndefined();
});

test("cookie jar: drops the access token under its name on http and on https", () => {
  const { jar } = jarAt();
  for (const name of ["__acc", "__Host-__acc", "__Host-__ref"]) jar.store(`${name}=x`);
  jar.dropAccessToken();
  expect(jar.names).toEqual(["__Host-__ref"]);
});

test("cookie jar: a copy is independent of the original", () => {
  const { jar } = jarAt();
  jar.store("__ref=r");
  const copy = jar.copy();
  jar.store("__ref=next");
  expect(copy.refreshToken).toBe("r");
  expect(jarWithRefreshToken("old").header).toBe("__ref=old");
});

test("clearsSession: is true only for a cleared refresh cookie", () => {
  expect(clearsSession(["__acc=; Path=/; Max-Age=0"])).toBe(false);
  expect(clearsSession(["__acc=a", "__ref=r; Path=/"])).toBe(false);
  expect(clearsSession(["__ref=; Path=/; Max-Age=0"])).toBe(true);
});
