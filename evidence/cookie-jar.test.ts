import { expect, test } from "vitest";
import { clearsSession, CookieJar, jarWithRefreshToken } from "./cookie-jar";

function jarAt(start = 1_000_000) {
  const clock = { now: start };
  return { clock, jar: new CookieJar(() => clock.now) };
}

test("the last Set-Cookie of a name wins, in the order of arrival", () => {
  const { jar } = jarAt();
  jar.store("__ref=newer; Path=/; Max-Age=60");
  jar.store("__ref=slower; Path=/; Max-Age=60");
  expect(jar.header).toBe("__ref=slower");
});

test("a cookie is not sent any more once its Max-Age is over", () => {
  const { jar, clock } = jarAt();
  jar.store("__acc=a; Max-Age=4; HttpOnly");
  jar.store("__ref=r; Max-Age=60; HttpOnly");
  clock.now += 3999;
  expect(jar.header).toBe("__acc=a; __ref=r");
  clock.now += 1;
  expect(jar.header).toBe("__ref=r");
  expect(jar.accessToken).toBeNull();
});

test("a cookie without Max-Age stays for as long as the browser is open", () => {
  const { jar, clock } = jarAt();
  jar.store("__acc=a; Path=/");
  clock.now += 365 * 24 * 3600 * 1000;
  expect(jar.accessToken).toBe("a");
});

test("Max-Age 0 takes a cookie away", () => {
  const { jar } = jarAt();
  jar.store("__ref=r; Max-Age=60");
  jar.store("__ref=; Path=/; Max-Age=0");
  expect(jar.header).toBeUndefined();
});

test("a copy goes its own way", () => {
  const { jar } = jarAt();
  jar.store("__ref=r");
  const copy = jar.copy();
  jar.store("__ref=next");
  expect(copy.refreshToken).toBe("r");
  expect(jarWithRefreshToken("old").header).toBe("__ref=old");
});

test("only an emptied refresh cookie ends a session in the browser", () => {
  expect(clearsSession(["__acc=; Path=/; Max-Age=0"])).toBe(false);
  expect(clearsSession(["__acc=a", "__ref=r; Path=/"])).toBe(false);
  expect(clearsSession(["__ref=; Path=/; Max-Age=0"])).toBe(true);
});
