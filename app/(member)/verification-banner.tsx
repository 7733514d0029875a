import { ResendButton } from "@/app/verify-email/resend-button";
import { ACCOUNT, VERIFY_EMAIL } from "@/server/auth/policy/routes";

/** Shown on private pages until the email is verified. */
export function VerificationBanner() {
  return (
    <section aria-label="Confirmation pending" className="border-b border-line bg-wash">
      <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-8 gap-y-3 px-5 py-4 sm:px-8">
        <p className="min-w-0 flex-1 basis-72">
          <strong className="font-semibold">Confirm your email address.</strong> We sent you a mail with a link and a
          code.{" "}
          <a className="link" href={VERIFY_EMAIL}>
            Enter the code
          </a>{" "}
          or{" "}
          <a className="link" href={ACCOUNT}>
            correct the address
          </a>
          .
        </p>
        <ResendButton />
      </div>
    </section>
  );
}
