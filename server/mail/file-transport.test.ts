import { randomUUID } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { expect, onTestFinished, test } from "vitest";
import { MAX_LINK_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { openFileTransport, removeOldMailFiles } from "./file-transport";
import { SENDER, TEXTS } from "./testing";

const createdAt = new Date("2026-11-30T12:00:00.250Z");
const never = new AbortController().signal;

function newFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), "portcullis-mail-"));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  return join(parent, "data", "mail");
}

test("mail files: a mail is one file, readable only by the owner, in a folder that is private too", async () => {
  const folder = newFolder();
  const transport = openFileTransport(folder, SENDER);
  const mail = { id: randomUUID(), recipient: "ada@example.test", createdAt, ...TEXTS };
  // The second is a repeated attempt.
  await transport.send(mail, never);
  await transport.send(mail, never);
  const [name, ...others] = readdirSync(folder);
  expect([name, others]).toEqual([`2026-11-30T12-00-00.250Z-${mail.id}.eml`, []]);
  expect(statSync(join(folder, name!)).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const parsed = await PostalMime.parse(readFileSync(join(folder, name!)));
  expect(parsed).toMatchObject({ from: SENDER, to: [{ address: mail.recipient }], subject: TEXTS.subject });
  expect(parsed.text).toContain("Hello");
});

test("mail files: an existing folder that others can read becomes private", async () => {
  const folder = newFolder();
  const transport = openFileTransport(folder, SENDER);
  const send = () => transport.send({ id: randomUUID(), recipient: "ada@example.test", createdAt, ...TEXTS }, never);
  await send();
  chmodSync(folder, 0o755);
  await send();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("mail files: are deleted once no link in them can be live, and other files are kept", async () => {
  const folder = newFolder();
  expect(await removeOldMailFiles(folder, createdAt)).toBeUndefined();
  await openFileTransport(folder, SENDER).send({ id: "1", recipient: "ada@example.test", createdAt, ...TEXTS }, never);
  const [name] = readdirSync(folder);
  for (const other of ["old.eml", "notes.txt"]) writeFileSync(join(folder, other), "");
  const now = secondsAfter(createdAt, MAX_LINK_SECONDS);
  utimesSync(join(folder, name!), createdAt, createdAt);
  for (const other of ["old.eml", "notes.txt"]) utimesSync(join(folder, other), createdAt, secondsAfter(createdAt, -1));
  await removeOldMailFiles(folder, now);
  expect(readdirSync(folder).sort()).toEqual([name, "notes.txt"].sort());
});
