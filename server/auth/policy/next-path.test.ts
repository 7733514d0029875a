import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeNextPath, withFragment, withNext } from "./next-path";
import { HOME } from "./routes";

const ORIGIN = "https://app.example.com";

describe("an unsafe next becomes the dashboard", () => {
  test.each([
    ["nothing", null],
    ["nothing at all", undefined],
    ["an empty string", ""],
    ["another site", "https://evil.test/"],
    ["another site without a scheme", "//evil.test"],
    ["three slashes", "///evil.test"],
    ["a scheme and one slash", "https:/evil.test"],
    ["a scheme and no slash", "https:evil.test"],
    ["a script", "javascript:alert(1)"],
    ["a script behind a slash and a newline", "/\njavascript:alert(1)"],
    ["data", "data:text/html,<script>"],
    ["a relative path", "dashboard"],
    ["a query alone", "?next=//evil.test"],
    ["a fragment alone", "#//evil.test"],
    ["a backslash for a slash", "/\\evil.test"],
    ["two backslashes", "\\\\evil.test"],
    ["a slash and two backslashes", "/\\\\evil.test"],
    ["a backslash further on", "/dashboard\\..\\..\\evil"],
    ["a dot segment before two slashes", "/.//evil.test"],
    ["a parent segment before two slashes", "/..//evil.test"],
    ["an encoded dot segment", "/%2e//evil.test"],
    ["two encoded dot segments", "/%2e/%2e//evil.test"],
    ["a dot segment that ends in an encoded slash", "/%2e%2f/evil.test"],
    ["a parent segment that ends in an encoded slash", "/a/..%2f/evil.test"],
    ["a parent segment encoded twice", "/a/%252e%252e/%2fevil.test"],
    ["a path that walks back to two slashes", "/a/..//evil.test"],
    ["an encoded second slash", "/%2fevil.test"],
    ["an encoded second slash, in capitals", "/%2Fevil.test"],
    ["an encoded backslash", "/%5cevil.test"],
    ["a second slash encoded twice", "/%252fevil.test"],
    ["a second slash encoded three times", "/%25252fevil.test"],
    ["a second slash encoded four times", "/%2525252fevil.test"],
    ["a backslash encoded twice", "/%255cevil.test"],
    ["a tab between the slashes", "/\t/evil.test"],
    ["a newline between the slashes", "/\n/evil.test"],
    ["a carriage return between the slashes", "/\r/evil.test"],
    ["an encoded tab between the slashes", "/%09/evil.test"],
    ["an encoded newline, for header injection", "/dashboard%0d%0aset-cookie:x=y"],
    ["a newline encoded twice", "/dashboard%250aset-cookie:x=y"],
    ["a NUL", "/dashboard\0"],
    ["an encoded NUL", "/dashboard%00"],
    ["a DEL", "/dashboard\u007f"],
    ["a leading space", " /dashboard"],
    ["a space within", "/dash board"],
    ["a broken escape", "/%"],
    ["an escape that is no UTF-8", "/%ff%fe"],
    ["an overlong slash", "/%c0%afevil.test"],
    ["a user name that looks like a host", "//app.example.com@evil.test/"],
    ["2049 characters", `/${"x".repeat(2048)}`],
    ["a megabyte", `/${"x".repeat(1_000_000)}`],
    ["the login form", "/login"],
    ["the login form with another site behind it", "/login?next=//evil.test"],
    ["a chain with another site at its end", `${"/resume?next=".repeat(20)}//evil.test`],
  ])("%s", (_, candidate) => {
    expect(safeNextPath(candidate)).toBe(HOME);
  });
});

describe("an address that is no page becomes the dashboard", () => {
  test.each([
    "/api/trpc/auth.logout",
    "/api/trpc/auth.logout?batch=1",
    "/api",
    "/api/",
    "/api/health/ready",
    "/api/of-the-team/export",
    "/API/trpc/auth.session",
    "/%61pi/trpc/auth.session",
    "/%2561pi/trpc/auth.session",
    "/%41%50%49/x",
    "/api%2ftrpc%2fauth.session",
    "/api%3fx",
    "/dashboard/../api/trpc/auth.session",
    "/dashboard/%2e%2e/api/trpc/auth.session",
    "/dashboard/..%2fapi/trpc/auth.session",
    "/./api/x",
    "/_next/static/chunks/a.js",
    "/_next/image?url=x",
    "/_NEXT/data/x.json",
    "/_next",
    "/health",
    "/health/",
    "/Health",
    "/icon.svg",
    "/icon.svg?v=1",
    "/favicon.ico",
    "/robots.txt",
    "/sitemap.xml",
    "/manifest.webmanifest",
    "/opengraph-image",
    "/.well-known/change-password",
    "/.well-known",
    "/maintenance",
    "/maintenance/",
    "/maintenance?status=503",
    "/maintenance?next=/api/trpc/auth.logout",
    "/resume",
    "/login?next=/api/trpc/auth.logout",
    "/resume?next=%2Fapi%2Ftrpc%2Fauth.logout",
  ])("%s", (candidate) => {
    expect(safeNextPath(candidate)).toBe(HOME);
    expect(safeNextPath(`${candidate}#fragment`)).toBe(HOME);
  });
});

describe("a page that a team adds is kept, whatever its name starts with", () => {
  test.each([
    "/apis",
    "/api-keys",
    "/docs/api/v1",
    "/dashboard/api",
    "/dashboard/health",
    "/health-tips",
    "/healthy",
    "/icon.svg.html",
    "/icons",
    "/robots",
    "/maintenance-plans",
    "/resume-builder",
    "/_drafts/1",
    "/report.pdf",
    "/files/icon.svg",
    "/de/login",
    "/projects/7/settings?tab=2#danger",
  ])("%s", (path) => {
    expect(safeNextPath(path)).toBe(path);
  });
});

describe("a chain of pages with a next of their own becomes its last next", () => {
  test.each([
    "/login?next=/dashboard/account",
    "/login?next=%2Fdashboard%2Faccount",
    "/login/?next=/dashboard/account",
    "/%6cogin?next=/dashboard/account",
    "/register?next=/dashboard/account",
    "/resume?next=/dashboard/account",
    "/maintenance?status=503&next=/dashboard/account",
    "/maintenance/?next=/login?next=/dashboard/account",
    "/%256cogin?next=/dashboard/account",
    "/dashboard/../resume?next=/dashboard/account",
    "/resume?next=/login?next=/register?next=/dashboard/account",
    `${"/login?next=".repeat(150)}/dashboard/account`,
  ])("%s", (candidate) => {
    expect(safeNextPath(candidate)).toBe("/dashboard/account");
  });
});

describe("a safe next is kept", () => {
  test.each([
    "/",
    "/dashboard",
    "/dashboard/sessions?sort=ip&dir=down",
    "/dashboard#devices",
    "/dashboard?to=//evil.test",
    "/dashboard?to=https%3A%2F%2Fevil.test%2F%252f",
    "/files/a%20b%2Fc",
    "/login-help",
    "/%E2%9C%93",
    "/a@evil.test",
    "/a:b",
    `/${"x".repeat(2047)}`,
  ])("%s", (path) => {
    expect(safeNextPath(path)).toBe(path);
  });

  test("in normalised form", () => {
    expect(safeNextPath("/dashboard/./sessions/../account")).toBe("/dashboard/account");
    expect(safeNextPath("/über?q=ü")).toBe("/%C3%BCber?q=%C3%BC");
  });

  test("with slash-like characters of other scripts, which are ordinary characters in a path", () => {
    for (const slash of ["\u2044", "\u2215", "\u29f8", "\uff0f", "\u3002"]) {
      expect(new URL(safeNextPath(`/${slash}evil.test`), ORIGIN).origin).toBe(ORIGIN);
    }
  });
});

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "/",
        "\\",
        ".",
        "..",
        "%2f",
        "%2F",
        "%5c",
        "%2e",
        "%25",
        "%",
        "2f",
        "5c",
        "\t",
        "\n",
        "%09",
        "%0a",
      ),
      fc.constantFrom(
        "?",
        "#",
        "@",
        ":",
        "evil.test",
        "https:",
        "javascript:",
        "\u2044",
        "\uff0f",
        "\ud800",
        "a",
        "login",
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

test("any input stays on this origin, as it is and decoded once or twice", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        hostile,
        hostile.map((path) => `/${path}`),
        fc.string({ unit: "binary" }),
      ),
      (candidate) => {
        const next = safeNextPath(candidate);
        const [path] = next.split(/[?#]/, 1) as [string];
        const once = decodeURIComponent(path);
        for (const read of [next, path, once, decodeURIComponent(escapeStray(once))]) {
          const target = new URL(read, ORIGIN);
          expect(target.origin, JSON.stringify([candidate, read])).toBe(ORIGIN);
          expect(target.pathname).not.toMatch(/^\/[/\\]/);
        }
        expect(next).toMatch(/^\/[\x21-\x7e]*$/);
        expect(safeNextPath(next)).toBe(next);
      },
    ),
    { numRuns: 800 },
  );
});

/** Escapes stray percent signs, so that a second decoding does not fail. */
function escapeStray(text: string): string {
  return text.replace(/%(?![0-9a-f]{2})/gi, "%25");
}

test("withNext: the path is read back from the query unchanged", () => {
  fc.assert(
    fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
      const next = safeNextPath(`/x${path}?${query}`);
      const carried = new URL(withNext("/login", next, { status: "503" }), ORIGIN);
      expect(carried.pathname).toBe("/login");
      expect(carried.searchParams.getAll("next")).toEqual([next]);
      expect(carried.searchParams.get("status")).toBe("503");
    }),
  );
});

describe("the fragment of the current address", () => {
  test.each([
    ["/dashboard/account?tab=2", "#password", "/dashboard/account?tab=2#password"],
    ["/dashboard", "", "/dashboard"],
    ["/dashboard#own", "#present", "/dashboard#own"],
    ["/", "#//evil.test", "/#//evil.test"],
    ["/dashboard", "#/route?x=1#y", "/dashboard#/route?x=1#y"],
    ["/dashboard", "#\\\\evil.test", "/dashboard#%5C%5Cevil.test"],
    ["/dashboard", "#javascript:alert(1)", "/dashboard#javascript:alert(1)"],
    ["/dashboard", "#%E2%9C%93%0a", "/dashboard#%E2%9C%93%0a"],
    ["/dashboard", "#a\nb", "/dashboard"],
    ["/dashboard", `#${"x".repeat(3000)}`, "/dashboard"],
    ["/dashboard", "?x=1", "/dashboard"],
    ["/dashboard", "/../api", "/dashboard"],
    ["/dashboard", ".evil.test", "/dashboard"],
  ])("of %s, %j: %s", (next, fragment, expected) => {
    expect(withFragment(next, fragment)).toBe(expected);
  });

  test("never changes where a safe path leads", () => {
    fc.assert(
      fc.property(hostile, fc.oneof(hostile, fc.string({ unit: "binary" })), (candidate, fragment) => {
        const next = safeNextPath(`/${candidate}`);
        const target = new URL(withFragment(next, `#${fragment}`), ORIGIN);
        expect(target.origin).toBe(ORIGIN);
        expect(target.pathname + target.search).toBe(next.split("#", 1)[0]);
      }),
    );
  });
});
