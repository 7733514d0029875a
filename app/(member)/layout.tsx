import type { ReactNode } from "react";
import { AuthProvider } from "@/app/auth/auth-provider";
import { TrpcProvider } from "@/app/auth/trpc-provider";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { isMailOn } from "@/server/mail/mail-settings";
import { MemberHeader } from "./member-header";
import { VerificationBanner } from "./verification-banner";

/** Not an access check: Next.js does not run a layout again on navigation, so each page checks its caller. */
export default async function MemberLayout({ children }: { children: ReactNode }) {
  const { user, session, isEmailVerified } = await requireCaller();

  return (
    <AuthProvider initial={{ user, session }}>
      <TrpcProvider>
        <a
          href="#content"
          className="sr-only focus:not-sr-only focus:absolute focus:top-3 focus:left-3 focus:z-10 focus:rounded-plate focus:bg-accent focus:px-4 focus:py-3 focus:font-semibold focus:text-on-accent"
        >
          Skip to content
        </a>
        <MemberHeader />
        {!isEmailVerified && isMailOn() && <VerificationBanner />}
        <main id="content" tabIndex={-1} className="mx-auto max-w-5xl px-5 pt-12 pb-24 sm:px-8 lg:pt-16">
          {children}
        </main>
      </TrpcProvider>
    </AuthProvider>
  );
}
