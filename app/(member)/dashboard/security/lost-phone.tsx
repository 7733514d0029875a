"use client";

import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { describeLostPhone } from "./security-advice";

export function LostPhone({ isMailOn }: { isMailOn: boolean }) {
  const { data: factors } = trpc.factors.list.useQuery(undefined, OPTIONAL_QUERY);
  return (
    <ol className="flex min-h-28 max-w-prose list-decimal flex-col gap-3 pl-5 marker:font-semibold marker:text-quiet">
      {factors && describeLostPhone(factors, isMailOn).map((step) => <li key={step}>{step}</li>)}
    </ol>
  );
}
