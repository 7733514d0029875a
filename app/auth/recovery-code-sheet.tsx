"use client";

import { Button } from "@/app/ui/button";
import { CopyButton } from "@/app/ui/copy-button";
import { saveFile } from "@/app/ui/save-file";

interface RecoveryCodeSheetProps {
  /** Of the account. */
  email: string;
  codes: string[];
}

/** Shows new recovery codes, and three ways to keep them. Nothing of it is stored or sent. */
export function RecoveryCodeSheet({ email, codes }: RecoveryCodeSheetProps) {
  function download() {
    const name = `portcullis-recovery-codes-${new Date().toISOString().slice(0, 10)}.txt`;
    saveFile(name, "text/plain", `${describeSheet(email)}\n\n${codes.join("\n")}\n`);
  }

  return (
    <div className="flex flex-col gap-5">
      <div className="print-alone rounded-plate border border-line bg-ground px-4 py-3">
        <p className="hidden whitespace-pre-line print:mb-6 print:block">{describeSheet(email)}</p>
        <ol
          aria-label="Recovery codes"
          className="grid justify-items-end font-mono text-sm sm:text-[0.95rem] leading-7 w-fit"
        >
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ol>
      </div>
      <div className="flex flex-wrap gap-3">
        <CopyButton label="Copy" text={codes.join("\n")} />
        <Button onClick={download}>Download</Button>
        <Button onClick={() => print()}>Print</Button>
      </div>
    </div>
  );
}

/** What a reader of the file or the paper has to know later. */
function describeSheet(email: string): string {
  const day = new Date().toISOString().slice(0, 10);
  return [
    `Recovery codes of ${email} at ${location.origin}, made on ${day}.`,
    "Each code works once, after the password, in place of the second factor.",
    "New recovery codes replace all of these.",
  ].join("\n");
}
