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
            Signing in requires JavaScript. Enable JavaScript for this site in the settings of your browser, then reload
            this page.
          </p>
        </noscript>
      </AuthLayout>
    </AuthProvider>
  );
}
