import "@/server/runtime/testing-env";
import { describe, expect, test } from "vitest";
import {
  accessCookie,
  clearedCookies,
  clearedAccessCookie,
  readCookies,
  refreshCookie,
  serializeCookie,
  withCookies,
} from "./cookies";
import { anotherInstance } from "@/server/auth/testing";

const HTTPS = { APP_ORIGIN: "https://app.example.com" };
const onHttps = await anotherInstance(() => import("./cookies"), HTTPS);

const NOTHING = { accessToken: null, refreshToken: null, challengeToken: null, hasAccessCookie: false };

describe("a Set-Cookie header", () => {
  test("on http has no prefix", () => {
    expect(serializeCookie(accessCookie("a.b.c", 540))).toBe(
      "__acc=a.b.c; Path=/; HttpOnly; SameSite=Lax; Max-Age=540",
    );
    expect(serializeCookie(refreshCookie("a.b.c", 604_800))).toBe(
      "__ref=a.b.c; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800",
    );
  });

  test("on https has a prefix that neither a subdomain nor an http page can set", () => {
    expect(onHttps.serializeCookie(onHttps.accessCookie("a.b.c", 540))).toBe(
      "__Host-__acc=a.b.c; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=540",
    );
    expect(onHttps.serializeCookie(onHttps.refreshCookie("a.b.c", null))).toBe(
      "__Host-__ref=a.b.c; Path=/; HttpOnly; SameSite=Lax; Secure",
    );
  });

  test("never has Domain or Expires, whatever its lifetime", () => {
    for (const cookies of [onHttps, { accessCookie, refreshCookie, serializeCookie }]) {
      for (const life of [null, 0, 1, 1e9]) {
        expect(cookies.serializeCookie(cookies.accessCookie("x", life))).not.toMatch(/domain|expires/i);
        expect(cookies.serializeCookie(cookies.refreshCookie("x", life))).not.toMatch(/domain|expires/i);
      }
    }
  });

  test("has no Max-Age if the session is not to be remembered", () => {
    expect(serializeCookie(accessCookie("x", null))).not.toContain("Max-Age");
  });

  test("has a Max-Age of whole seconds, and 0 once it has expired", () => {
    expect(serializeCookie(accessCookie("x", 59.999))).toMatch(/Max-Age=59$/);
    expect(serializeCookie(accessCookie("x", -0.4))).toMatch(/Max-Age=0$/);
  });
});

describe("clearing", () => {
  test("deletes both cookies under the names of this origin", () => {
    expect(clearedCookies().map(serializeCookie)).toEqual([
      "__acc=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
      "__ref=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    ]);
    expect(onHttps.clearedCookies().map(({ name }) => name)).toEqual(["__Host-__acc", "__Host-__ref"]);
  });

  test("of the access cookie alone deletes it by the name of this origin, and no refresh cookie", () => {
    expect(serializeCookie(clearedAccessCookie())).toBe("__acc=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    expect(onHttps.clearedAccessCookie().name).toBe("__Host-__acc");
  });
});

describe("a Cookie header", () => {
  test("with both cookies has both tokens", () => {
    expect(readCookies("theme=dark; __acc=a.b.c; __ref=d.e.f")).toEqual({
      accessToken: "a.b.c",
      refreshToken: "d.e.f",
      challengeToken: null,
      hasAccessCookie: true,
    });
    expect(readCookies("__ref=d.e.f;__acc=a=b")).toMatchObject({ accessToken: "a=b", refreshToken: "d.e.f" });
  });

  test.each([
    ["no header", null],
    ["an undefined header", undefined],
    ["an empty header", ""],
    ["separators alone", ";;; = ;=;"],
    ["names without values", "__acc; __ref"],
    ["other names", "acc=a; ref=b; x__acc=c; __accx=d; __ACC=e; __Ref=f"],
    ["the name in a value", "x=__acc=a.b.c"],
    [
      "the names after white space that is not SP or HTAB",
      "\xa0__acc=a; __ref\xa0=b; \v__acc=c; \f__ref=d; \x85__acc=e",
    ],
    [
      "the names next to characters that a name may not have",
      '(__acc=a; __ref,=b; "__acc=c; __acc"=d; __ref/=e; __acc@=f',
    ],
  ])("without our cookies has no token: %s", (_, header) => {
    expect(readCookies(header)).toEqual(NOTHING);
  });

  test.each([
    ["twice", "__acc=a; __acc=b"],
    ["twice the same", "__acc=a; __acc=a"],
    ["three times", "__acc=a; __acc=b; __acc=c"],
    ["twice, apart", "__acc=a; x=y; __acc=b"],
    ["twice, once empty", "__acc=a; __acc="],
    ["twice, with spaces", " __acc =a;  __acc= b"],
  ])("with a name %s has no such token: one of the two was injected", (_, header) => {
    expect(readCookies(header)).toMatchObject({ accessToken: null, hasAccessCookie: true });
    expect(readCookies(header.replaceAll("__acc", "__ref"))).toEqual(NOTHING);
  });

  test("is trimmed of SP and HTAB around names and values, and of nothing else", () => {
    expect(readCookies(" \t__acc\t = \ta\xa0 \t;\t__ref=\xa0b")).toMatchObject({
      accessToken: "a\xa0",
      refreshToken: "\xa0b",
    });
  });

  test("with empty cookies has no token, and the middleware sees the request", () => {
    expect(readCookies("__acc=; __ref=")).toEqual(NOTHING);
  });

  test("on https has only tokens whose cookie has the prefix", () => {
    expect(onHttps.readCookies("__acc=a; __ref=b")).toEqual({ ...NOTHING, hasAccessCookie: true });
    expect(onHttps.readCookies("__Host-__acc=a; __Host-__ref=b; __acc=c; __ref=d")).toMatchObject({
      accessToken: "a",
      refreshToken: "b",
    });
  });

  test("on http reports an access cookie with the prefix, which bypasses the middleware too", () => {
    expect(readCookies("__Host-__acc=a")).toEqual({ ...NOTHING, hasAccessCookie: true });
  });
});

describe("the Cookie header with the new cookies", () => {
  test("replaces ours, every time they occur, and keeps the rest", () => {
    const header = "theme=dark; __acc=old; __ref=old; __acc=older; x=__acc=1";
    expect(withCookies(header, [accessCookie("new", 540), refreshCookie("newer", null)])).toBe(
      "theme=dark; x=__acc=1; __acc=new; __ref=newer",
    );
  });

  test("starts from no header", () => {
    expect(withCookies(null, [accessCookie("new", 540)])).toBe("__acc=new");
    expect(withCookies("", [accessCookie("new", 540)])).toBe("__acc=new");
  });

  test("leaves out cleared cookies", () => {
    expect(withCookies("a=b; __acc=old; __ref=old", clearedCookies())).toBe("a=b");
  });

  test("includes a new cookie that expires at once", () => {
    const header = withCookies("__acc=x; __acc=y; __ref=z", [accessCookie("new", -0.2), refreshCookie("newer", 0.4)]);
    expect(readCookies(header)).toEqual({
      ...NOTHING,
      accessToken: "new",
      refreshToken: "newer",
      hasAccessCookie: true,
    });
  });
});
