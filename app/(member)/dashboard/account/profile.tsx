"use client";

import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { useAuth } from "@/app/auth/auth-provider";
import { DescriptionItem, DescriptionList } from "@/app/ui/description-list";
import { DateTime } from "@/app/ui/date-time";

export function Profile() {
  const { user } = useAuth();
  const { data, error } = trpc.users.me.useQuery(undefined, OPTIONAL_QUERY);

  return (
    <DescriptionList>
      <DescriptionItem term="Email">{user?.email}</DescriptionItem>
      <DescriptionItem term="Member since">
        {data && <DateTime at={data.createdAt} />}
        {!data && error && <span className="text-quiet">{describeFailure(error).message}</span>}
        {!data && !error && <span className="skeleton my-1 h-4 w-40" />}
      </DescriptionItem>
    </DescriptionList>
  );
}
