import { expect, test } from "vitest";
import { decideRetry, describeFailure, MAX_ATTEMPTS } from "./judge-failure";

const failure = (command: string, response: string) => ({
  code: "EENVELOPE",
  command,
  response,
  responseCode: Number(response.slice(0, 3)),
});

test("mail failures: the delays double from ten seconds to half an hour, and add up to less than a day", () => {
  const delays = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, at) => decideRetry(at + 1, new Error(), 0)!);
  expect(delays.slice(0, 10)).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
  const hours = delays.reduce((sum, delay) => sum + delay, 0) / 3600;
  expect(hours).toBeGreaterThan(23);
  expect(hours).toBeLessThanOrEqual(24);
  expect(decideRetry(MAX_ATTEMPTS, new Error(), 0)).toBeNull();
  expect(decideRetry(MAX_ATTEMPTS + 1, new Error(), 0)).toBeNull();
});

test("mail failures: chance shortens a delay by up to a fifth", () => {
  expect([0, 0.5, 1].map((random) => decideRetry(9, new Error(), random))).toEqual([1800, 1620, 1440]);
});

test.each([
  failure("RCPT TO", "550 No such user"),
  failure("RCPT TO", "550 5.1.1 No such user"),
  failure("RCPT TO", "553 5.1.3 Bad syntax"),
  failure("DATA", "554 5.6.0 Refused"),
])("mail failures: $command $response is not repeated", (refusal) => {
  expect(decideRetry(1, refusal, 0)).toBeNull();
});

test.each([
  failure("RCPT TO", "450 4.2.1 Mailbox busy"),
  failure("RCPT TO", "503 Bad sequence of commands"),
  failure("RCPT TO", "530 5.5.1 Authentication required"),
  failure("RCPT TO", "550 5.7.1 Client host blocked"),
  failure("RCPT TO", "554 5.7.1 Relay access denied"),
  failure("DATA", "451 4.3.0 Later"),
  failure("MAIL FROM", "550 5.1.8 Sender not known"),
  failure("AUTH PLAIN", "535 5.7.8 Authentication failed"),
  failure("CONN", "554 No SMTP service here"),
  failure("EHLO", "550 Not you"),
  new TypeError("a bug"),
  null,
  undefined,
  "text",
])("mail failures: %o is repeated", (refusal) => {
  expect(decideRetry(1, refusal, 0)).toBe(10);
});

test("mail failures: a description has the codes, and no text that could contain an address", () => {
  const address = "ada@example.test";
  expect(describeFailure(failure("RCPT TO", `550 5.1.1 <${address}> unknown`))).toBe("EENVELOPE RCPT TO 550 5.1.1");
  expect(describeFailure({ code: "ESOCKET", originalCode: "ECONNREFUSED", command: "CONN" })).toBe(
    "ESOCKET ECONNREFUSED CONN",
  );
  for (const hostile of [{ code: address }, { command: `x ${address}` }, { code: "x".repeat(400) }, address, null])
    expect(describeFailure(hostile)).toBe("unknown");
  expect(describeFailure(Object.assign(new TypeError(address), { code: `\n${address}` }))).toBe("TypeError");
});
