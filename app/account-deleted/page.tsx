import type { Metadata } from "next";
import { AuthLayout } from "@/app/ui/auth-layout";
import { buttonClass } from "@/app/ui/button-class";
import { DateTime } from "@/app/ui/date-time";
import { isMailOn } from "@/server/mail/mail-settings";
import { redirectIfSignedIn } from "@/server/auth/gate/require-caller";
import { HOME, LOGIN } from "@/server/auth/policy/routes";

export const metadata: Metadata = { title: "Account deleted" };

/** Where a user is after requesting the deletion. It knows nothing but the time in its address, so it is not shown to a signed-in user. */
export default async function AccountDeletedPage({
  searchParams,
}: {
  searchParams: Promise<{ at?: string | string[] }>;
}) {
  await redirectIfSignedIn(HOME);
  const { at } = await searchParams;
  const deletesAt = typeof at === "string" && Number.isFinite(Date.parse(at)) ? new Date(at).toISOString() : null;

  return (
    <AuthLayout gate="down">
      <h1 className="plate text-4xl">Your account is closed</h1>
      <p className="mt-4 text-lg text-quiet">
        You are signed out on every device.{" "}
        {deletesAt === null ? (
          "Everything about you will be erased."
        ) : (
          <>
            Everything about you is erased on <DateTime at={deletesAt} />.
          </>
        )}
      </p>
      <p className="mt-4 mb-8 text-lg text-quiet">
        {isMailOn()
          ? "Until then you can undo this: open the link in the message that we sent to your email."
          : "Until then the operator of this service can undo this."}
      </p>
      <div>
        <a href={LOGIN} className={buttonClass("plain")}>
          Go to the sign-in page
        </a>
      </div>
    </AuthLayout>
  );
}
