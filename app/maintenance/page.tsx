import type { Metadata } from "next";
import { Gatehouse } from "@/app/ui/gatehouse";
import { safeNextPath } from "@/server/auth/policy/next-path";
import { HOME, MAINTENANCE } from "@/server/auth/policy/routes";
import { Comeback } from "./comeback";
import { describeTrouble } from "./trouble";

export const metadata: Metadata = { title: "One moment" };

type SearchParams = Promise<Record<string, string | string[] | undefined>>;

export default async function MaintenancePage({ searchParams }: { searchParams: SearchParams }) {
  const parameters = await searchParams;
  const status = Number(parameters.status) || 0;
  const next = placeToReturnTo(parameters.next);
  const trouble = describeTrouble(status);

  return (
    <Gatehouse gate="half">
      <h1 className="plate text-4xl">{trouble.title}</h1>
      <p className="mt-4 text-lg text-quiet">{trouble.text}</p>
      <Comeback status={status} next={next} />
      <noscript>
        <p className="mt-6">
          <a className="link" href={next}>
            Try again
          </a>
        </p>
      </noscript>
    </Gatehouse>
  );
}

/** Never this page itself: it would return to itself for ever. */
function placeToReturnTo(candidate: string | string[] | undefined): string {
  const next = safeNextPath(typeof candidate === "string" ? candidate : null);
  return next.split(/[/?#]/, 2)[1] === MAINTENANCE.slice(1) ? HOME : next;
}
