import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import PostalMime from "postal-mime";
import { DATA } from "@/scripts/paths.mjs";

/** Where the apps of tests write their mails; emptied before each run. */
export const TEST_MAIL = join(DATA, "test-mail");

export interface ReceivedMail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The link that confirms, and the code for typing. Null in a mail without them. */
  link: string | null;
  code: string | null;
  raw: string;
}

const parsed = new Map<string, ReceivedMail>();

/** Every mail to an address, oldest first. */
export async function mailsTo(address: string): Promise<ReceivedMail[]> {
  const names = readdirSync(TEST_MAIL, { withFileTypes: true })
    .filter((entry) => entry.name.endsWith(".eml"))
    .map(({ name }) => name)
    .sort();
  for (const name of names) if (!parsed.has(name)) parsed.set(name, await readMail(join(TEST_MAIL, name)));
  return names.map((name) => parsed.get(name)!).filter(({ to }) => to === address);
}

/** Waits until an address has received `count` mails with a subject, and returns the newest. */
export async function waitForMail(address: string, subject: RegExp, count = 1): Promise<ReceivedMail> {
  const matching = async () => (await mailsTo(address).catch(() => [])).filter((mail) => subject.test(mail.subject));
  await expect.poll(async () => (await matching()).length, { message: `mail to ${address}` }).toBe(count);
  return (await matching()).at(-1)!;
}

async function readMail(file: string): Promise<ReceivedMail> {
  const raw = readFileSync(file, "utf8");
  const { to = [], subject = "", text = "", html = "" } = await PostalMime.parse(raw);
  return {
    to: to[0]?.address ?? "",
    subject,
    text,
    html,
    link: /https?:\/\/\S+\/confirm#[\w-]{64}/.exec(text)?.[0] ?? null,
    code: /^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)?.[1] ?? null,
    raw,
  };
}
