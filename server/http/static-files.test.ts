import { describe, expect, test, vi } from "vitest";
import { startEntry } from "./testing";

describe("missing built files", () => {
  const staticFiles = new Set(["/icon.svg", "/_next/static/chunks/a.js", "/_next/static/chunks/[root] b.css"]);

  test.each([
    "/_next/static/nothing-here",
    "/_next/static",
    "/_next/static/",
    "/_next/static/chunks",
    "/_next/static/chunks/a.js/",
    "/_next/static//chunks/a.js",
    "/_next/static/chunks%2Fa.js",
    "/_next/static/chunks/A.js",
    "/_next/static/chunks/%255Broot%255D%2520b.css",
    "/%5Fnext/static/nothing-here?x=1",
  ])("missing built file: %s is a short plain-text 404, and the app is not called", async (path) => {
    const app = vi.fn((_request, response) => response.end("file"));
    const entry = await startEntry(app, { staticFiles });
    const { status, headers, body } = await entry.request({ path, headers: { accept: "text/html" } });
    expect(status).toBe(404);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(headers["x-request-id"]).toBeDefined();
    expect(headers["cache-control"]).toBe("private, no-store");
    expect(body.length).toBeLessThan(200);
    expect(app).not.toHaveBeenCalled();
  });

  test("built file: found under every equivalent encoding of its path", async () => {
    const entry = await startEntry((_request, response) => void response.end("file"), { staticFiles });
    for (const path of [
      "/icon.svg",
      "/_next/static/chunks/a.js?v=1",
      "/%5Fnext/static/chunks/%61%2Ejs",
      "/_next/static/chunks/%5Broot%5D%20b.css",
      "/_next/static/chunks/[root]%20b.css",
    ]) {
      expect((await entry.request({ path })).body, path).toBe("file");
    }
  });
});
