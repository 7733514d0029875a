import type { ReactNode } from "react";

export const dynamic = "force-dynamic";

export default function EmptyLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
