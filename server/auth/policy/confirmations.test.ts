import { describe, expect, test } from "vitest";
import {
  AGAINST_THEFT,
  judgeConfirmation,
  MAX_CODE_TRIES,
  PURPOSES,
  SUPERSEDES,
  type ConfirmationState,
  type PresentedProof,
  type Purpose,
} from "./confirmations";

const NOW = new Date("2026-11-21T12:00:00Z");
const PAST = new Date("2026-11-21T11:59:59Z");
const open: ConfirmationState = {
  purpose: "verify-email",
  expiresAt: new Date("2026-11-21T12:00:01Z"),
  usedAt: null,
  supersededAt: null,
  codeTries: 0,
};
const link: PresentedProof = { hasToken: true, code: "none", isAskingSession: false, hasNewPassword: false };
const typed: PresentedProof = { ...link, hasToken: false, code: "right" };

const judge = (state: Partial<ConfirmationState>, presented: PresentedProof) =>
  judgeConfirmation({ ...open, ...state }, presented, NOW);

const TYPED_PURPOSES = PURPOSES.filter((purpose) => purpose !== "reset-password");

describe("a link that is opened and pressed, and nothing else", () => {
  test.each(TYPED_PURPOSES)("%s: needs the code", (purpose) => {
    expect(judge({ purpose }, link)).toEqual({ kind: "incomplete", field: "code" });
  });

  test("reset-password: needs a new password", () => {
    expect(judge({ purpose: "reset-password" }, link)).toEqual({ kind: "incomplete", field: "newPassword" });
  });

  test("reset-password: needs a new password in the browser that asked, too", () => {
    const pressed = { ...link, isAskingSession: true };
    expect(judge({ purpose: "reset-password" }, pressed)).toEqual({ kind: "incomplete", field: "newPassword" });
  });
});

describe("a link with what it needs is performed", () => {
  test.each(TYPED_PURPOSES)("%s: with the code", (purpose) => {
    expect(judge({ purpose }, { ...link, code: "right" })).toEqual({ kind: "perform" });
  });

  test.each(["verify-email", "change-email"] as const)("%s: pressed in the browser that asked", (purpose) => {
    expect(judge({ purpose }, { ...link, isAskingSession: true })).toEqual({ kind: "perform" });
  });

  test("reset-password: with a new password", () => {
    expect(judge({ purpose: "reset-password" }, { ...link, hasNewPassword: true })).toEqual({ kind: "perform" });
  });

  test.each(TYPED_PURPOSES)("%s: by the code and the address alone", (purpose) => {
    expect(judge({ purpose }, typed)).toEqual({ kind: "perform" });
  });

  test("reset-password: by the code, the address and a new password", () => {
    expect(judge({ purpose: "reset-password" }, typed)).toEqual({ kind: "incomplete", field: "newPassword" });
    expect(judge({ purpose: "reset-password" }, { ...typed, hasNewPassword: true })).toEqual({ kind: "perform" });
  });
});

describe("a wrong code is refused", () => {
  test.each([link, { ...link, isAskingSession: true }, { ...link, hasNewPassword: true }])(
    "with the link: %j",
    (given) => {
      for (const purpose of PURPOSES) {
        expect(judge({ purpose }, { ...given, code: "wrong" })).toEqual({ kind: "wrong code" });
      }
    },
  );

  test.each([typed, { ...typed, isAskingSession: true }, { ...typed, hasNewPassword: true }])(
    "with the address, like one that never existed: %j",
    (given) => {
      for (const code of ["wrong", "none"] as const) {
        for (const purpose of PURPOSES) expect(judge({ purpose }, { ...given, code })).toEqual({ kind: "unknown" });
      }
    },
  );
});

describe("after five wrong codes", () => {
  const codeTries = MAX_CODE_TRIES;

  test("the right one with the address is refused", () => {
    expect(judge({ codeTries: codeTries - 1 }, typed)).toEqual({ kind: "perform" });
    expect(judge({ codeTries }, typed)).toEqual({ kind: "unknown" });
  });

  test("the link confirms: others cannot end it by guessing", () => {
    expect(judge({ codeTries }, { ...link, code: "right" })).toEqual({ kind: "perform" });
    expect(judge({ codeTries }, { ...link, isAskingSession: true })).toEqual({ kind: "perform" });
  });
});

describe.each<[string, Partial<ConfirmationState>]>([
  ["used", { usedAt: PAST }],
  ["superseded", { supersededAt: PAST }],
  ["expired", { expiresAt: NOW }],
])("%s", (how, state) => {
  test("the link says so, whatever else is presented", () => {
    for (const code of ["none", "right", "wrong"] as const) {
      const complete = { ...link, code, isAskingSession: true, hasNewPassword: true };
      for (const purpose of PURPOSES) expect(judge({ ...state, purpose }, complete)).toEqual({ kind: "spent", how });
    }
  });

  test("the code is refused like one that never existed", () => {
    expect(judge(state, { ...typed, hasNewPassword: true })).toEqual({ kind: "unknown" });
  });
});

test("no confirmation is refused, whatever is presented", () => {
  expect(judgeConfirmation(null, { ...link, isAskingSession: true, hasNewPassword: true }, NOW)).toEqual({
    kind: "unknown",
  });
});

test("the links against theft are superseded by no act", () => {
  const actsOn = (purpose: Purpose) =>
    Object.entries(SUPERSEDES).flatMap(([act, ended]) =>
      (ended as readonly Purpose[]).includes(purpose) ? [act] : [],
    );
  for (const purpose of AGAINST_THEFT) expect(actsOn(purpose)).toEqual([]);
});
