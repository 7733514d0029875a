import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { useAppDatabase } from "@/server/auth/db-testing";
import { database as appDatabase } from "@/server/runtime/database";
import { startMailDelivery } from "./delivery";
import { queueMail, readMail, TEXTS } from "./testing";

const folder = mkdtempSync(join(tmpdir(), "portcullis-mail-"));
// Before the first call of env().
process.env.PORTCULLIS_MAIL_FOLDER = folder;
const database = useAppDatabase();
afterAll(() => rmSync(folder, { recursive: true }));

test("mail delivery: without a mail server the app's mails become files", async () => {
  startMailDelivery(appDatabase(), async () => TEXTS);
  const mail = await queueMail(database.db);
  await vi.waitFor(async () => expect((await readMail(database.db, mail.id))?.sentAt).toBeTruthy(), 100_000);
  expect(readdirSync(folder)).toEqual([expect.stringContaining(mail.id)]);
});
