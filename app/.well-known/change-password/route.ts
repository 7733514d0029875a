import { SECURITY } from "@/server/auth/policy/routes";
import { env } from "@/server/runtime/env";

/** Where password managers send a user to change the password (W3C, A Well-Known URL for Changing Passwords). */
export function GET(): Response {
  const headers = {
    location: new URL(`${SECURITY}#password`, env().APP_ORIGIN).href,
    "cache-control": "private, no-store",
  };
  return new Response(null, { status: 307, headers });
}
