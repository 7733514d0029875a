import fc from "fast-check";
import type { Mutation } from "@/evidence/fuzz/fuzz-request";
import { mutateWithOneOf } from "./mutation";

const EDGE_CASE_NAMES = [
  "__proto__",
  "constructor",
  "constructor.constructor",
  "users.__proto__",
  "users.constructor.name",
  "__proto__.__proto__",
  "hasOwnProperty",
  "toString.call",
  "then",
  "_def",
  "_def.procedures",
  "createCaller",
  "auth",
  "auth.",
  ".login",
  "auth..login",
  "auth.login.login",
  "AUTH.LOGIN",
  "auth%2Elogin",
  "auth%252Elogin",
  "%61uth.logout",
  "users.me%00",
  "users.me%0a",
  "users.me%20",
  "users%2Fme",
  "users/me",
  "users.me/",
  "users.me;x=1",
  "users.me,users.me",
  "users.me%2Cusers.me",
  "auth.login,auth.login",
  "users.me,auth%2Elogout",
  "auth.logout%2Cusers.me",
  "users.me,",
  ",users.me",
  ",",
  ",,,,,,,,,,,,,",
  "users.me,".repeat(30),
  "users.me,nothing.here,constructor",
  "a".repeat(6000),
  "users.me%ff",
  "users.me%ed%a0%80",
  "users.me?batch=1",
  "*",
  "$",
  "[object%20Object]",
  "{{access}}",
];

const replaceName =
  (name: string): Mutation =>
  (request) => ({ ...request, path: request.path.replace(/^\/api\/trpc\/[^?]*/, () => `/api/trpc/${name}`) });

/** Replaces the procedure name, or encodes it differently. */
export const mutateProcedureName: fc.Arbitrary<Mutation> = fc.oneof(
  mutateWithOneOf(EDGE_CASE_NAMES, replaceName),
  fc.string({ maxLength: 12 }).map((name) => replaceName(encodeURIComponent(name.toWellFormed()))),
  fc.nat(30).map((at): Mutation => (request) => ({ ...request, path: percentEncode(request.path, at) })),
);

/** Percent-encodes one character of the path needlessly. */
function percentEncode(path: string, at: number): string {
  const place = 1 + (at % Math.max(1, path.length - 1));
  const code = path.charCodeAt(place);
  return Number.isNaN(code)
    ? path
    : `${path.slice(0, place)}%${code.toString(16).padStart(2, "0")}${path.slice(place + 1)}`;
}
