import type { Metadata } from "next";
import { AuthLayout } from "./ui/auth-layout";
import { buttonClass } from "./ui/button-class";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <AuthLayout gate="down">
      <h1 className="plate text-4xl">Page not found</h1>
      <p className="mt-4 mb-8 text-lg text-quiet">
        There is no page at this address. Check the address, or go to the start page.
      </p>
      <div>
        <a href="/" className={buttonClass("solid")}>
          Go to the start page
        </a>
      </div>
    </AuthLayout>
  );
}
