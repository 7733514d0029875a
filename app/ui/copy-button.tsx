"use client";

import { useState } from "react";
import { Button } from "./button";

const RESULTS = {
  none: "",
  copied: "Copied.",
  failed: "The browser did not allow copying. Select the text and copy it.",
};

export function CopyButton({ label, text }: { label: string; text: string }) {
  const [result, setResult] = useState<keyof typeof RESULTS>("none");

  async function copy() {
    setResult("none");
    try {
      // Missing on pages that were opened over http.
      await navigator.clipboard.writeText(text);
      setResult("copied");
    } catch {
      setResult("failed");
    }
  }

  return (
    <>
      <Button onClick={() => void copy()}>{label}</Button>
      <span role="status" className="order-last basis-full text-sm text-quiet empty:hidden">
        {RESULTS[result]}
      </span>
    </>
  );
}
