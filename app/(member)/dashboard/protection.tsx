import Link from "next/link";
import { REVOCATION_POLL_SECONDS } from "@/server/auth/policy/lifetimes";
import { ACCOUNT, SESSIONS } from "@/server/auth/policy/routes";
import { env } from "@/server/runtime/env";
import { formatDuration } from "@/app/ui/duration";

export function Protection() {
  const { ACCESS_TOKEN_SECONDS } = env();
  return (
    <ul className="flex max-w-prose flex-col gap-5">
      <li>
        <strong className="font-semibold">A stolen session gives itself away.</strong> Its key changes about every{" "}
        {formatDuration(ACCESS_TOKEN_SECONDS)} while you are here. Once an old key turns up in another browser, the
        session ends for everybody who holds a copy, and you sign in again.
      </li>
      <li>
        <strong className="font-semibold">Signing a device out works at once.</strong> Within{" "}
        {formatDuration(2 * REVOCATION_POLL_SECONDS)} it is refused everywhere, even in the middle of what it was doing.
        See{" "}
        <Link className="link" href={SESSIONS} prefetch={false}>
          your devices
        </Link>
        .
      </li>
      <li>
        <strong className="font-semibold">What it cannot do:</strong> tell you from somebody who knows your password. If
        you think that anybody does,{" "}
        <Link className="link" href={ACCOUNT} prefetch={false}>
          change it
        </Link>
        : that signs out every other device.
      </li>
    </ul>
  );
}
