import { MAILBOX } from "@/server/auth/policy/routes";

export const VIEWS = { html: "HTML", text: "Text", source: "Source" };

export type View = keyof typeof VIEWS;

export function readView(given: string | string[] | undefined): View {
  return given === "text" || given === "source" ? given : "html";
}

export function mailPath(file: string, view: View = "html"): string {
  return `${MAILBOX}?${new URLSearchParams({ mail: file, ...(view === "html" ? {} : { view }) })}`;
}
