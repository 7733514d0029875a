import "server-only";
import { randomUUID } from "node:crypto";

const VALID_REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** The client's request id if it is safe in headers and logs, otherwise a new one. */
export function requestIdFrom(inbound: string | string[] | undefined): string {
  return typeof inbound === "string" && VALID_REQUEST_ID.test(inbound) ? inbound : randomUUID();
}
