import "@/server/runtime/testing-env";
import { expect, test, vi } from "vitest";
import { GET } from "./route";

const ORIGIN = "http://localhost:3000";

function hop(next: string | null, cookie = "", userAgent = "Firefox") {
  const query = next === null ? "" : `?next=${encodeURIComponent(next)}`;
  const headers = { cookie, "user-agent": userAgent, host: "evil.test", "x-forwarded-host": "evil.test" };
  const response = GET(new Request(`http://evil.test/resume${query}`, { headers }));
  return { to: response.headers.get("location"), response };
}

test("drops the access cookie, leaves the refresh cookie, and leads on", () => {
  const { to, response } = hop("/dashboard/sessions?sort=ip", "__acc=x; __ref=y");
  expect(to).toBe(`${ORIGIN}/dashboard/sessions?sort=ip`);
  expect(response.status).toBe(307);
  expect(response.headers.get("cache-control")).toBe("private, no-store");
  expect(response.headers.getSetCookie()).toEqual(["__acc=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"]);
});

test.each([null, "", "//evil.test", "https://evil.test", "/\\evil.test", "/.//evil.test", "javascript:alert(1)"])(
  "%j leads to the dashboard",
  (next) => {
    expect(hop(next).to).toBe(`${ORIGIN}/dashboard`);
  },
);

test("a browser that keeps what it is asked to drop is told so after a few times, and tried again later", () => {
  const cookie = "__acc=stuck; __ref=y";
  const leads = () => hop("/dashboard/stuck", cookie).to!.slice(ORIGIN.length);
  for (let count = 0; count < 4; count++) expect(leads()).toBe("/dashboard/stuck");
  expect(leads()).toBe("/maintenance?status=400&next=%2Fdashboard%2Fstuck");
  // Others, and other pages, are not concerned.
  expect(hop("/dashboard/stuck", "__acc=other; __ref=y").to).toBe(`${ORIGIN}/dashboard/stuck`);
  expect(hop("/dashboard/stuck", cookie, "Chrome").to).toBe(`${ORIGIN}/dashboard/stuck`);
  expect(hop("/dashboard", cookie).to).toBe(`${ORIGIN}/dashboard`);

  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11_000 });
  expect(leads()).toBe("/dashboard/stuck");
  vi.useRealTimers();
});

test("a browser that dropped it may come as often as it likes", () => {
  for (let count = 0; count < 20; count++)
    expect(hop("/dashboard/often", "__ref=y").to).toBe(`${ORIGIN}/dashboard/often`);
});
