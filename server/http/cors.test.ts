import { describe, expect, test } from "vitest";
import { echoHeaders, startEntry } from "./testing";

describe("CORS: with an allowed origin", () => {
  const settings = { CORS_ORIGINS: ["https://partner.example.net"] };
  const path = "/api/trpc/auth.session";

  test("CORS: the entry responds to a preflight of an allowed origin", async () => {
    const entry = await startEntry(echoHeaders, settings);
    const response = await entry.request({
      method: "OPTIONS",
      path,
      headers: { origin: "https://partner.example.net" },
    });
    expect(response.status).toBe(204);
    expect(response.headers).toMatchObject({
      "access-control-allow-origin": "https://partner.example.net",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, POST",
      vary: "Origin",
    });
  });

  test("CORS: a preflight of any other origin is rejected", async () => {
    const entry = await startEntry(echoHeaders, settings);
    for (const origin of ["https://evil.test", "null", undefined]) {
      const response = await entry.request({ method: "OPTIONS", path, headers: origin ? { origin } : {} });
      expect(response.status).toBe(403);
      expect(response.headers).not.toHaveProperty("access-control-allow-origin");
    }
  });

  test("CORS: an allowed origin may read the responses and rejections of calls, and nothing else", async () => {
    const entry = await startEntry(echoHeaders, settings);
    const headers = { origin: "https://partner.example.net" };
    const allowed = "access-control-allow-origin";
    expect((await entry.request({ path, headers })).headers[allowed]).toBe("https://partner.example.net");
    expect((await entry.request({ method: "PUT", path, headers })).headers[allowed]).toBe(
      "https://partner.example.net",
    );
    expect((await entry.request({ path: "/dashboard", headers })).headers).not.toHaveProperty(allowed);
    expect((await entry.request({ path, headers: { origin: "https://evil.test" } })).headers).not.toHaveProperty(
      allowed,
    );
  });

  test("CORS: without allowed origins no origin may read responses", async () => {
    const entry = await startEntry(echoHeaders);
    const { headers } = await entry.request({ path, headers: { origin: "https://partner.example.net" } });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });
});
