import { expect, test } from "vitest";
import { judgePresentedCredentials, type PresentedCredentials } from "./presented-credentials";

const COOKIES: PresentedCredentials = { kind: "cookies" };
const AMBIGUOUS: PresentedCredentials = { kind: "ambiguous" };
const bearer = (token: string): PresentedCredentials => ({ kind: "bearer", token });

const judge = (authorization: string | null, hasSessionCookie = false, query = "") =>
  judgePresentedCredentials({ authorization, hasSessionCookie, query: new URLSearchParams(query) });

test.each<[string | null, PresentedCredentials]>([
  [null, COOKIES],
  ["", COOKIES],
  ["Basic YWRhOnB3", COOKIES],
  ["DPoP a.b.c", COOKIES],
  ["Bearers a.b.c", COOKIES],
  ["Bearer a.b.c", bearer("a.b.c")],
  ["bearer a.b.c", bearer("a.b.c")],
  ["BEARER   a.b.c", bearer("a.b.c")],
  ["Bearer a==", bearer("a==")],
  ["Bearer", AMBIGUOUS],
  ["Bearer ", AMBIGUOUS],
  ["Bearer a b", AMBIGUOUS],
  ["Bearer a, Bearer b", AMBIGUOUS],
  ["Bearer, a", AMBIGUOUS],
  ["Bearer\ta", AMBIGUOUS],
  ['Bearer token="a"', AMBIGUOUS],
  ["Bearer ä", AMBIGUOUS],
  ["Bearer a=b", AMBIGUOUS],
])("presented credentials: Authorization %j", (authorization, expected) => {
  expect(judge(authorization)).toEqual(expected);
});

test("presented credentials: a session cookie besides a bearer token is ambiguous, besides another scheme it counts alone", () => {
  expect(judge("Bearer a.b.c", true)).toEqual(AMBIGUOUS);
  expect(judge("Basic YWRhOnB3", true)).toEqual(COOKIES);
  expect(judge(null, true)).toEqual(COOKIES);
});

test("presented credentials: a token in the query is refused, also with cookies or another token", () => {
  for (const query of ["access_token=a.b.c", "batch=1&access_token="]) {
    for (const authorization of [null, "Bearer a.b.c"]) expect(judge(authorization, false, query)).toEqual(AMBIGUOUS);
    expect(judge(null, true, query)).toEqual(AMBIGUOUS);
  }
  expect(judge(null, true, "input=access_token")).toEqual(COOKIES);
});
