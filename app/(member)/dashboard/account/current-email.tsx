"use client";

import { useAuth } from "@/app/auth/auth-provider";
import { DescriptionItem, DescriptionList } from "@/app/ui/description-list";

export function CurrentEmail() {
  const { user } = useAuth();
  return (
    <DescriptionList>
      <DescriptionItem term="Current email">{user?.email}</DescriptionItem>
    </DescriptionList>
  );
}
