import "@/server/runtime/testing-env";
import { expect, test, vi } from "vitest";
import { GET } from "./route";

const ORIGIN = "http://localhost:3000";

function resume(next: string | null, cookie = "", userAgent = "Firefox") {
  const query = next === null ? "" : `?next=${encodeURIComponent(next)}`;
  const headers = { cookie, "user-agent": userAgent, host: "evil.test", "x-forwarded-host": "evil.test" };
  const response = GET(new Request(`http://evil.test/resume${query}`, { headers }));
  return { to: response.headers.get("location"), response };
}

test("resume: clears the access cookie, keeps the refresh cookie and redirects to next", () => {
  const { to, response } = resume("/dashboard/sessions?sort=ip", "__acc=x; __ref=y");
  expect(to).toBe(`${ORIGIN}/dashboard/sessions?sort=ip`);
  expect(response.status).toBe(307);
  expect(response.headers.get("cache-control")).toBe("private, no-store");
  expect(response.headers.getSetCookie()).toEqual(["__acc=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"]);
});

test.each([null, "", "//evil.test", "https://evil.test", "/\\evil.test", "/.//evil.test", "javascript:alert(1)"])(
  "resume: redirects to the dashboard for next = %j",
  (next) => {
    expect(resume(next).to).toBe(`${ORIGIN}/dashboard`);
  },
);

test("resume: a browser that keeps the cleared cookie is sent to the maintenance page after four redirects, and tried again later", () => {
  const cookie = "__acc=stuck; __ref=y";
  const target = () => resume("/dashboard/stuck", cookie).to!.slice(ORIGIN.length);
  for (let count = 0; count < 4; count++) expect(target()).toBe("/dashboard/stuck");
  expect(target()).toBe("/maintenance?status=400&next=%2Fdashboard%2Fstuck");
  // Other cookies, browsers and pages have counts of their own.
  expect(resume("/dashboard/stuck", "__acc=other; __ref=y").to).toBe(`${ORIGIN}/dashboard/stuck`);
  expect(resume("/dashboard/stuck", cookie, "Chrome").to).toBe(`${ORIGIN}/dashboard/stuck`);
  expect(resume("/dashboard", cookie).to).toBe(`${ORIGIN}/dashboard`);

  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
  expect(target()).toBe("/dashboard/stuck");
  vi.useRealTimers();
});

test("resume: a browser without the access cookie is redirected without limit", () => {
  for (let count = 0; count < 20; count++)
    expect(resume("/dashboard/often", "__ref=y").to).toBe(`${ORIGIN}/dashboard/often`);
});
