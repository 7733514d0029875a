"use client";

import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { useAuth } from "@/app/auth/use-auth";
import { Fact, Facts } from "@/app/ui/facts";
import { Moment } from "@/app/ui/moment";

export function Profile() {
  const { user } = useAuth();
  const { data, error } = trpc.users.me.useQuery(undefined, OPTIONAL_QUERY);

  return (
    <Facts>
      <Fact term="Email">{user?.email}</Fact>
      <Fact term="Member since">
        {data && <Moment at={data.createdAt} />}
        {!data && error && <span className="text-quiet">{describeFailure(error).message}</span>}
        {!data && !error && <span className="skeleton my-1 h-4 w-40" />}
      </Fact>
    </Facts>
  );
}
