"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useAuth } from "@/app/auth/auth-provider";
import { RaisedGate } from "@/app/ui/gate";
import { Logo } from "@/app/ui/logo";
import { ACCOUNT, HOME, SECURITY, SESSIONS } from "@/server/auth/policy/routes";
import { LogoutButton } from "./logout-button";

const NAV_ITEMS = [
  { path: HOME, name: "Overview" },
  { path: SESSIONS, name: "Devices" },
  { path: SECURITY, name: "Security" },
  { path: ACCOUNT, name: "Account" },
];

export function MemberHeader() {
  const { user } = useAuth();
  const pathname = usePathname();

  return (
    <header className="border-b border-line bg-raised">
      <RaisedGate />
      <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-8 px-5 pt-2 sm:px-8 lg:pt-0">
        <Link
          href={HOME}
          prefetch={false}
          className="inline-flex min-h-11 items-center"
          aria-label="Portcullis, overview"
        >
          <Logo />
        </Link>
        <div className="ml-auto flex min-w-0 items-center gap-4 lg:order-last">
          <span className="hidden max-w-56 truncate text-quiet sm:block">{user?.fullName}</span>
          <LogoutButton />
        </div>
        <nav aria-label="Main" className="-mx-3 w-full max-[22.4rem]:-mx-1.5 lg:w-auto">
          <ul className="flex">
            {NAV_ITEMS.map(({ path, name }) => (
              <li key={path}>
                <Link
                  href={path}
                  prefetch={false}
                  aria-current={pathname === path ? "page" : undefined}
                  className="inline-flex min-h-13 items-center border-b-4 border-transparent px-3 pt-1 font-semibold text-quiet max-[22.4rem]:px-1.5 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink lg:min-h-16"
                >
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </div>
    </header>
  );
}
