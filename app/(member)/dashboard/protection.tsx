import Link from "next/link";
import { REVOCATION_POLL_SECONDS } from "@/server/auth/policy/lifetimes";
import { SECURITY, SESSIONS } from "@/server/auth/policy/routes";
import { env } from "@/server/runtime/env";
import { formatDuration } from "@/app/ui/duration";

export function Protection() {
  const { ACCESS_TOKEN_SECONDS } = env();
  return (
    <ul className="flex max-w-prose flex-col gap-5">
      <li>
        <strong className="font-semibold">A stolen session is detected.</strong> The key of your session changes about
        every {formatDuration(ACCESS_TOKEN_SECONDS)} while you are active. If an old key is used in another browser, the
        session ends for everyone who has a copy, and you sign in again.
      </li>
      <li>
        <strong className="font-semibold">Signing out a device takes effect at once.</strong> After at most{" "}
        {formatDuration(2 * REVOCATION_POLL_SECONDS)} every request from it is refused. See{" "}
        <Link className="link" href={SESSIONS} prefetch={false}>
          your devices
        </Link>
        .
      </li>
      <li>
        <strong className="font-semibold">A known password is not detected.</strong> Someone who signs in with your
        password looks the same as you. If you think that someone knows it,{" "}
        <Link className="link" href={`${SECURITY}#password`} prefetch={false}>
          change your password
        </Link>
        : this signs out every other device.
      </li>
    </ul>
  );
}
