import { describe, expect, test } from "vitest";
import { DatabaseFault, isDeadlock, isDuplicateKey, isUnavailable } from "./faults";

const failure = (properties: object, message = "") => Object.assign(new Error(message), properties);

describe("isUnavailable", () => {
  test.each([
    failure({ code: "ECONNREFUSED" }),
    failure({ code: "ENOENT", syscall: "connect" }),
    failure({ code: "PROTOCOL_CONNECTION_LOST", fatal: true }),
    failure({ code: "PROTOCOL_SEQUENCE_TIMEOUT" }),
    failure({ code: "ER_LOCK_WAIT_TIMEOUT", errno: 1205 }),
    failure({ code: "ER_LOCK_DEADLOCK", errno: 1213 }),
    failure({ code: "ER_SERVER_SHUTDOWN", errno: 1053 }),
    failure({ code: undefined, errno: 1969 }),
    // Read-only: servers that were demoted, configured so, or lost their cluster.
    ...[1036, 1047, 1180, 1223, 1290, 1792, 1836, 1874, 3100, 3101, 3796, 3797, 3798, 3989].map((errno) =>
      failure({ errno }),
    ),
    // Disk full.
    ...[1021, 1026, 1030, 1114].map((errno) => failure({ errno })),
    new DatabaseFault("QUEUE_FULL", "full"),
  ])("is true for %o", (error) => expect(isUnavailable(error)).toBe(true));

  test.each([
    failure({ code: "ER_DUP_ENTRY", errno: 1062 }),
    failure({ code: "ER_PARSE_ERROR", errno: 1064 }),
    failure({ code: "ER_NO_SUCH_TABLE", errno: 1146 }),
    failure({ code: "ER_ACCESS_DENIED_ERROR", errno: 1045 }),
    failure({ code: "ENOENT", syscall: "open" }),
    new Error("ECONNREFUSED"),
    new TypeError("x is not a function"),
    { code: "ECONNREFUSED" },
    "ECONNREFUSED",
    null,
    undefined,
  ])("is false for %o", (error) => expect(isUnavailable(error)).toBe(false));
});

test.each([
  [1213, true],
  // Group replication reports a failed certification at the commit.
  [3101, true],
  // The outcome of the commit is unknown.
  [1180, false],
  // Only the statement was rolled back, after a wait.
  [1205, false],
])("isDeadlock: error %i can be repeated: %s", (errno, expected) => {
  expect(isDeadlock(failure({ errno }))).toBe(expected);
});

describe("isDuplicateKey", () => {
  const duplicate = (message: string) => failure({ code: "ER_DUP_ENTRY", errno: 1062 }, message);

  test("recognizes the index by name, with or without the table name", () => {
    expect(isDuplicateKey(duplicate("Duplicate entry 'a' for key 'users_email'"), "users_email")).toBe(true);
    expect(isDuplicateKey(duplicate("Duplicate entry 'a' for key 'users.users_email'"), "users_email")).toBe(true);
    expect(isDuplicateKey(duplicate("Duplicate entry 'a' for key 'users.PRIMARY'"))).toBe(true);
  });

  test("does not read the index name from the value, which the client chooses", () => {
    const forged = "Duplicate entry 'x' for key 'users_email'' for key 'users.PRIMARY'";
    expect(isDuplicateKey(duplicate(forged), "users_email")).toBe(false);
    expect(isDuplicateKey(failure({ errno: 1064 }, "for key 'users_email'"), "users_email")).toBe(false);
    expect(isDuplicateKey("Duplicate entry 'a' for key 'users_email'", "users_email")).toBe(false);
  });
});
