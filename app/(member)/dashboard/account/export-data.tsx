"use client";

import { useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import { Notice } from "@/app/ui/notice";
import { saveFile } from "@/app/ui/save-file";
import type { Problem } from "@/app/ui/use-form";

/** Downloads what the service stores about the user, as a file that the browser makes from one call. */
export function ExportData() {
  const exportData = trpc.account.export.useMutation();
  const [file, setFile] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function download() {
    setFile(null);
    setProblem(null);
    try {
      const data = await exportData.mutateAsync();
      const name = `portcullis-export-${new Date().toISOString().slice(0, 10)}.json`;
      saveFile(name, "application/json", JSON.stringify(data, null, 2));
      setFile(name);
    } catch (error) {
      setProblem(describeFailure(error));
    }
  }

  return (
    <div className="flex max-w-md flex-col gap-5">
      <p>
        One JSON file with your profile, your sessions with their devices and addresses, and the messages that we sent
        you. It contains no password and no key.
      </p>
      <div>
        <Button pending={exportData.isPending} pendingLabel="Collecting your data…" onClick={() => void download()}>
          Download my data
        </Button>
      </div>
      <Notice tone="success">{file !== null && `Downloaded as ${file}.`}</Notice>
      <FormProblem problem={problem} />
    </div>
  );
}
