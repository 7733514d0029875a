import { expect, test } from "vitest";
import { describePasskeyError } from "./passkey-error";

const NAMES = [
  "NotAllowedError",
  "AbortError",
  "OperationError",
  "InvalidStateError",
  "ConstraintError",
  "NotSupportedError",
  "SecurityError",
  "UnknownError",
];

test("passkey errors: every error of a browser has its own sentence, which says what did not happen and what to do", () => {
  for (const ceremony of ["use", "create"] as const) {
    const messages = NAMES.map((name) => describePasskeyError(ceremony, name));
    expect(new Set(messages).size).toBe(NAMES.length);
    const done = ceremony === "use" ? "No passkey was used" : "No passkey was created";
    for (const message of messages) {
      expect(message).toMatch(new RegExp(`^(${done}|This device or password manager already has)`));
      expect(message).toMatch(/(Try|Use|Open|Finish|You can|Set up)[^.]*\.$/);
    }
  }
});

test("passkey errors: an unknown error is described without its text", () => {
  for (const name of ["", "TypeError", "constructor"]) {
    expect(describePasskeyError("use", name)).toBe(
      "No passkey was used: your device or password manager reported an error. Try again, or use another way.",
    );
  }
});
