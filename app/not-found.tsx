import type { Metadata } from "next";
import { AuthLayout } from "./ui/auth-layout";
import { buttonClass } from "./ui/button";

export const metadata: Metadata = { title: "Nothing here" };

export default function NotFound() {
  return (
    <AuthLayout gate="down">
      <h1 className="plate text-4xl">There is no gate here</h1>
      <p className="mt-4 mb-8 text-lg text-quiet">This address leads nowhere. It may have been mistyped, or moved.</p>
      <div>
        <a href="/" className={buttonClass("solid")}>
          Go to the start
        </a>
      </div>
    </AuthLayout>
  );
}
