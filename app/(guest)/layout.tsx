import type { ReactNode } from "react";
import { AuthProvider } from "@/app/auth/auth-provider";
import { AuthLayout } from "@/app/ui/auth-layout";
import { PendingLogoutNotice } from "./pending-logout-notice";

export default function GuestLayout({ children }: { children: ReactNode }) {
  return (
    <AuthProvider initial={null}>
      <AuthLayout gate="down">
        {children}
        <PendingLogoutNotice />
        <noscript>
          <p className="mt-6 rounded-plate border-l-4 border-danger bg-danger-wash px-4 py-3 font-medium">
            Signing in needs JavaScript: your password is only ever sent by a call that other sites cannot make. Please
            switch it on for this site and reload.
          </p>
        </noscript>
      </AuthLayout>
    </AuthProvider>
  );
}
