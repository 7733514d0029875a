import { beforeEach, expect, test, vi } from "vitest";

let stepUp: typeof import("./step-up");

beforeEach(async () => {
  vi.resetModules();
  stepUp = await import("./step-up");
});

const ANY = ["password", "totp", "recovery-code"] as const;
const STRONG = ["totp", "recovery-code"] as const;

test("step-up: calls that wait share one request, which offers only what all of them accept", async () => {
  const one = stepUp.confirmIdentity(0, ANY);
  expect(stepUp.openStepUp()?.methods).toEqual(ANY);
  const other = stepUp.confirmIdentity(0, STRONG);
  const third = stepUp.confirmIdentity(0, ANY);
  expect(stepUp.openStepUp()?.methods).toEqual(STRONG);
  stepUp.openStepUp()!.confirm("totp");
  expect(await Promise.all([one, other, third])).toEqual(["confirmed", "confirmed", "confirmed"]);
  expect(stepUp.openStepUp()).toBeNull();
});

test("step-up: a late refusal of a call that accepts the method of the last confirmation asks nothing", async () => {
  void stepUp.confirmIdentity(0, ANY);
  stepUp.openStepUp()!.confirm("password");
  expect(await stepUp.confirmIdentity(0, ANY)).toBe("confirmed");
  expect(stepUp.openStepUp()).toBeNull();
});

test("step-up: a late refusal of a call that needs a second factor asks again after a confirmation by password", async () => {
  void stepUp.confirmIdentity(0, ANY);
  stepUp.openStepUp()!.confirm("password");
  const strong = stepUp.confirmIdentity(0, STRONG);
  expect(stepUp.openStepUp()?.methods).toEqual(STRONG);
  stepUp.openStepUp()!.cancel();
  expect(await strong).toBe("cancelled");
});

test("step-up: a request that was settled settles no later one", async () => {
  void stepUp.confirmIdentity(0, ANY);
  const settled = stepUp.openStepUp()!;
  settled.cancel();
  void stepUp.confirmIdentity(0, ANY);
  settled.confirm("password");
  expect(stepUp.openStepUp()).not.toBeNull();
});
