import "@/server/runtime/testing-env";
import { expect, test } from "vitest";
import { GET } from "./route";

test("change-password: redirects to the password on the security page, at the app's own origin", () => {
  const response = GET();
  expect([response.status, response.headers.get("location"), response.headers.get("cache-control")]).toEqual([
    307,
    "http://localhost:3000/dashboard/security#password",
    "private, no-store",
  ]);
});
