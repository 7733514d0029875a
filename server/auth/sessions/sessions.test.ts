import "@/server/runtime/testing-env";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ADA } from "@/server/auth/testing";
import { newSession, sessionOpenedAt } from "./sessions";

test("a session's id contains the instant at which the session was opened, to the millisecond", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (now) => {
      const { id, createdAt } = newSession(crypto.randomUUID(), true, ADA, now);
      expect(sessionOpenedAt(id)).toEqual(now);
      expect(createdAt).toEqual(now);
    }),
  );
});

test("sessions opened in the same millisecond have different ids", () => {
  const now = new Date();
  const ids = Array.from({ length: 10_000 }, () => newSession(crypto.randomUUID(), true, ADA, now).id);
  expect(new Set(ids).size).toBe(10_000);
});

test("a session whose id is not a UUIDv7 counts as opened before every logout", () => {
  for (const id of [crypto.randomUUID(), "", "7", "not-an-id"]) expect(sessionOpenedAt(id)).toEqual(new Date(0));
});
