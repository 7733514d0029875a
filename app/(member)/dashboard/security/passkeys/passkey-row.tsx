"use client";

import type { ReactNode } from "react";
import type { RouterOutputs } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { DateTime, RelativeTime } from "@/app/ui/date-time";
import { RemovePasskey } from "./remove-passkey";
import { RenamePasskey } from "./rename-passkey";

export type Passkey = RouterOutputs["factors"]["list"]["passkeys"][number];

interface PasskeyRowProps {
  passkey: Passkey;
  isRenaming: boolean;
  onRename: () => void;
  onCancel: () => void;
  onDone: (message: string) => void;
}

export function PasskeyRow({ passkey, isRenaming, onRename, onCancel, onDone }: PasskeyRowProps) {
  const { name, createdAt, lastUsedAt, backedUp } = passkey;
  return (
    <li className="border-t border-line py-5">
      {isRenaming ? (
        <RenamePasskey passkey={passkey} onCancel={onCancel} onDone={onDone} />
      ) : (
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
          <div className="min-w-0 grow basis-64">
            <h3 className="text-lg font-semibold wrap-anywhere">{name}</h3>
            <p className="mt-1 text-quiet">{backedUp ? "Synced by your password manager" : "On one device only"}</p>
            <dl className="mt-1 flex flex-wrap gap-x-8 gap-y-1 text-quiet">
              <Detail term="Added">
                <DateTime at={createdAt} />
              </Detail>
              <Detail term="Last used">{lastUsedAt === null ? "Never" : <RelativeTime at={lastUsedAt} />}</Detail>
            </dl>
          </div>
          <div className="flex flex-wrap gap-3">
            <Button aria-label={`Rename ${name}`} onClick={onRename}>
              Rename
            </Button>
            <RemovePasskey passkey={passkey} onRemoved={onDone} />
          </div>
        </div>
      )}
    </li>
  );
}

function Detail({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap gap-x-2">
      <dt>{term}</dt>
      <dd className="font-medium text-ink">{children}</dd>
    </div>
  );
}
