import "server-only";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { LRUCache } from "lru-cache";
import { mailSettings } from "./mail-settings";

/** A mail that was written to a file instead of sent. */
export interface StoredMail {
  file: string;
  subject: string;
  recipient: string;
  /** ISO 8601. */
  at: string;
  text: string;
  html: string;
  source: string;
}

const MAX_MAILS = 100;

/** Null unless mails are written to files: there is no mailbox in production or with a mail server. */
export function mailboxFolder(): string | null {
  const settings = mailSettings();
  return settings.kind === "files" ? settings.folder : null;
}

/** Newest first: the names of the files begin with the time. A caller picks one from this list, so no path is made from input. */
export async function listMails(folder: string): Promise<StoredMail[]> {
  const names = (await readFolder(folder))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".eml"))
    .map(({ name }) => name)
    .sort()
    .reverse();
  const mails = await Promise.all(names.slice(0, MAX_MAILS).map((name) => parsedMails.fetch(join(folder, name))));
  return mails.filter((mail) => mail !== undefined);
}

async function readFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    // Created with the first mail.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The page lists the folder again and again, and a file does not change. */
const parsedMails = new LRUCache<string, StoredMail>({ max: 2 * MAX_MAILS, fetchMethod: parseMail });

async function parseMail(path: string): Promise<StoredMail | undefined> {
  // Deleted since the folder was listed.
  const source = await readFile(path, "utf8").catch(() => undefined);
  if (source === undefined) return undefined;
  // Loaded here, because only this page outside production needs it.
  const { default: PostalMime } = await import("postal-mime");
  const { subject, to, date, text, html } = await PostalMime.parse(source);
  return {
    file: basename(path),
    subject: subject ?? "",
    recipient: to?.map(({ address }) => address ?? "").join(", ") ?? "",
    at: date ?? "",
    text: text ?? "",
    html: html ?? "",
    source,
  };
}
