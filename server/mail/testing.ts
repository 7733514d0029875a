import "@/server/runtime/testing-env";
import { randomUUID } from "node:crypto";
import { sql, type Kysely } from "kysely";
import { onTestFinished } from "vitest";
import type { Database, OutgoingMail } from "@/db/schema";
import { insertMail, type NewMail } from "@/db/tables/outgoing-mails";
import { log } from "@/server/runtime/log";
import { startDelivery, type DeliveryOptions } from "./delivery";
import type { ComposedMail } from "./mime-message";
import { newMail } from "./outbox";
import { openSmtpTransport } from "./smtp-transport";
import type { TestSmtpServer } from "./testing-smtp-server";

log.level = "silent";

export const SENDER = { name: "Portcullis", address: "no-reply@app.example" };

export const TEXTS: ComposedMail = { subject: "Your address", text: "Hello,\nBye.\n", html: "<p>Hello</p>" };

/** A mail to an address of its own that is due at once. */
export async function queueMail(db: Kysely<Database>, recipient = `${randomUUID()}@example.test`): Promise<NewMail> {
  const mail = newMail({ kind: "verify-email" }, { userId: null, recipient }, new Date())!;
  await insertMail(db, mail);
  return mail;
}

export async function readMail(db: Kysely<Database>, id: string): Promise<OutgoingMail | undefined> {
  return db.selectFrom("outgoingMails").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Ends every wait: for the next attempt, and for the end of a lease. */
export async function makeAllDue(db: Kysely<Database>): Promise<void> {
  const nextAttemptAt = sql<Date>`utc_timestamp(3)`;
  await db.updateTable("outgoingMails").set({ nextAttemptAt }).where("nextAttemptAt", "is not", null).execute();
}

type TransportOptions = Parameters<typeof openSmtpTransport>[2];

/** A delivery to this server, until the end of the test or the returned function is called. */
export function deliverTo(
  server: Pick<TestSmtpServer, "settings">,
  { db, compose = async () => TEXTS, ...options }: Pick<DeliveryOptions, "db"> & Partial<DeliveryOptions>,
  transportOptions: TransportOptions = {},
): () => Promise<void> {
  const transport = openSmtpTransport(server.settings, SENDER, transportOptions);
  const stop = startDelivery({ db, transport, compose, ...options });
  onTestFinished(stop);
  return stop;
}
