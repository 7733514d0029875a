import "server-only";
import { setTimeout } from "node:timers/promises";
import type { Kysely } from "kysely";
import pTimeout from "p-timeout";
import { isUnavailable } from "@/db/faults";
import type { Database, OutgoingMail } from "@/db/schema";
import { claimMail, deleteMail, findDueMails, markMailFailed, markMailSent } from "@/db/tables/outgoing-mails";
import { onDatabaseClose } from "@/server/runtime/database";
import { log } from "@/server/runtime/log";
import { securityEvent } from "@/server/runtime/security-events";
import { decideRetry, describeFailure } from "./judge-failure";
import { mailSettings } from "./mail-settings";
import type { ComposedMail } from "./mime-message";
import { MAX_SMTP_CONNECTIONS } from "./smtp-transport";
import { openTransport, type MailTransport } from "./transport";

const POLL_MILLISECONDS = 1000;
/** From connecting to the server's last reply. A server that trickles its replies reaches no other timeout. */
const SEND_TIMEOUT_MILLISECONDS = 60_000;
/** Longer than composing and sending can take. */
const LEASE_SECONDS = 180;
/** At shutdown, what is being sent may finish within this time. The lease of the rest expires, and another instance sends it. */
const STOP_MILLISECONDS = 700;

export interface DeliveryOptions {
  db: Kysely<Database>;
  transport: MailTransport;
  /** The text of a mail with its link; null if there is nothing to send, as for an address without an account. */
  compose: (mail: OutgoingMail) => Promise<ComposedMail | null>;
  /** For tests. */
  sendTimeoutMilliseconds?: number;
  stopMilliseconds?: number;
}

/** Sends mails as the variables say, until the database is closed. Does nothing with MAIL=off. */
export function startMailDelivery(db: Kysely<Database>, compose: DeliveryOptions["compose"]): void {
  const transport = openTransport(mailSettings());
  if (transport !== null) onDatabaseClose(db, startDelivery({ db, transport, compose }));
}

/** Sends due mails until the returned function is called. Each instance runs one delivery; a mail is sent by one of them. */
export function startDelivery(options: DeliveryOptions): () => Promise<void> {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const ended = deliver(options, running, stopping.signal);
  return async () => {
    stopping.abort();
    const finished = Promise.all([ended, ...running]);
    const { stopMilliseconds: milliseconds = STOP_MILLISECONDS } = options;
    await pTimeout(finished, { milliseconds, fallback: () => {} });
    options.transport.close();
  };
}

async function deliver(options: DeliveryOptions, running: Set<Promise<void>>, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    let claimed = 0;
    try {
      claimed = await startAttempts(options, running, stop);
    } catch (error) {
      if (!isUnavailable(error)) log.error({ err: error }, "outgoing mails cannot be read");
    }
    if (running.size === MAX_SMTP_CONNECTIONS) await Promise.race(running);
    else if (claimed === 0) await pause(stop);
  }
}

/** Claims as many due mails as can be sent at a time; returns how many were due. */
async function startAttempts(
  options: DeliveryOptions,
  running: Set<Promise<void>>,
  stop: AbortSignal,
): Promise<number> {
  const { db } = options;
  const due = await findDueMails(db, MAX_SMTP_CONNECTIONS - running.size);
  for (const one of due) {
    const mail = stop.aborted ? null : await claimMail(db, one, LEASE_SECONDS);
    if (mail === null) continue;
    const attempt = attemptMail(options, mail, stop)
      .catch((error: unknown) => {
        // The lease expires, and the mail is due again.
        if (!isUnavailable(error)) log.error({ err: error }, "the outcome of a mail could not be stored");
      })
      .finally(() => running.delete(attempt));
    running.add(attempt);
  }
  return due.length;
}

async function attemptMail(options: DeliveryOptions, mail: OutgoingMail, stop: AbortSignal): Promise<void> {
  const { db, transport, compose, sendTimeoutMilliseconds = SEND_TIMEOUT_MILLISECONDS } = options;
  const { id, kind, userId, attempts, recipient, createdAt } = mail;
  try {
    const composed = await compose(mail).catch((error: unknown) => {
      if (!isUnavailable(error)) log.error({ err: error, mailId: id, kind }, "a mail could not be composed");
      throw error;
    });
    if (composed === null) return await deleteMail(db, id);
    await transport.send({ ...composed, id, recipient, createdAt }, AbortSignal.timeout(sendTimeoutMilliseconds));
  } catch (failure) {
    const error = describeFailure(failure);
    const retryAfterSeconds = decideRetry(attempts, failure, Math.random());
    await markMailFailed(db, mail, { error, retryAfterSeconds });
    const facts = { mailId: id, kind, userId, attempts, error };
    if (retryAfterSeconds === null) securityEvent("mail-failed", facts);
    else securityEvent("mail-delayed", { ...facts, retryAfterSeconds: Math.round(retryAfterSeconds) });
    return;
  }
  await storeSent(db, id, stop);
  securityEvent("mail-sent", { mailId: id, kind, userId, attempts });
}

/** Until the database responds: an accepted mail that is not marked would be sent twice. */
async function storeSent(db: Kysely<Database>, id: string, stop: AbortSignal): Promise<void> {
  while (true) {
    try {
      return await markMailSent(db, id);
    } catch (error) {
      if (!isUnavailable(error) || stop.aborted) throw error;
      await pause(stop);
    }
  }
}

async function pause(stop: AbortSignal): Promise<void> {
  await setTimeout(POLL_MILLISECONDS, undefined, { signal: stop, ref: false }).catch(() => {});
}
