import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listMails } from "./mailbox";

async function newFolder(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mailbox-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
  return folder;
}

const mailOf = (subject: string) =>
  [
    "From: Portcullis <no-reply@localhost>",
    "To: ada@example.test",
    `Subject: ${subject}`,
    "Date: Sun, 29 Nov 2026 14:03:22 +0000",
    "MIME-Version: 1.0",
    'Content-Type: multipart/alternative; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    "Gr=C3=BC=C3=9Fe",
    "--b",
    "Content-Type: text/html; charset=utf-8",
    "",
    "<p>Hello</p>",
    "--b--",
    "",
  ].join("\r\n");

test("listMails: reads subject, recipient, time, both parts and the source of a mail", async () => {
  const source = mailOf("=?UTF-8?Q?Best=C3=A4tigen?=");
  const [mail, ...others] = await listMails(await newFolder({ "2026-11-29T14-03-22.000Z-1.eml": source }));
  expect(others).toEqual([]);
  expect(mail).toMatchObject({
    file: "2026-11-29T14-03-22.000Z-1.eml",
    subject: "Bestätigen",
    recipient: "ada@example.test",
    at: "2026-11-29T14:03:22.000Z",
    source,
  });
  expect(mail?.text.trim()).toBe("Grüße");
  expect(mail?.html.trim()).toBe("<p>Hello</p>");
});

test("listMails: the newest hundred mails, newest first", async () => {
  const names = Array.from({ length: 120 }, (_, at) => `2026-11-29T14-03-${String(at).padStart(3, "0")}.eml`);
  const mails = await listMails(await newFolder(Object.fromEntries(names.map((name) => [name, mailOf(name)]))));
  expect(mails.map(({ file }) => file)).toEqual(names.reverse().slice(0, 100));
});

test("listMails: ignores all but files that are complete mails", async () => {
  const folder = await newFolder({ "b.eml": mailOf("B"), "a.eml.new": mailOf("half"), "notes.txt": "x" });
  await mkdir(join(folder, "folder.eml"));
  await writeFile(join(folder, "..", "outside.eml"), mailOf("outside"));
  await symlink(join(folder, "..", "outside.eml"), join(folder, "link.eml"));
  expect((await listMails(folder)).map(({ subject }) => subject)).toEqual(["B"]);
  await rm(join(folder, "..", "outside.eml"));
});

test("listMails: no folder yet is an empty mailbox, and an unreadable folder is a fault", async () => {
  const folder = await newFolder({ "file.eml": mailOf("A") });
  expect(await listMails(join(folder, "nowhere"))).toEqual([]);
  await expect(listMails(join(folder, "file.eml"))).rejects.toThrow("ENOTDIR");
});

test.each([
  ["an empty file", ""],
  ["no headers", "just text"],
  ["binary data", "\0\x01\xff\r\n\r\n\0"],
  ["an unclosed part", mailOf("A").slice(0, 300)],
  ["a header without end", `Subject: ${"a".repeat(100_000)}`],
])("listMails: %s is shown as far as it can be read", async (_, source) => {
  const [mail] = await listMails(await newFolder({ "a.eml": source }));
  expect(mail).toMatchObject({ file: "a.eml", subject: expect.any(String), html: expect.any(String) });
});
