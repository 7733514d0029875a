"use client";

import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { DateTime } from "@/app/ui/date-time";

export function MemberSince() {
  const { data, error } = trpc.users.me.useQuery(undefined, OPTIONAL_QUERY);

  return (
    <p className="mt-1 flex min-h-6 flex-wrap items-center gap-x-1.5 text-quiet">
      Member since
      {data && <DateTime at={data.createdAt} />}
      {!data && error && `… ${describeFailure(error).message}`}
      {!data && !error && <span className="skeleton h-4 w-36" />}
    </p>
  );
}
