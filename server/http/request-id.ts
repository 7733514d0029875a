import "server-only";
import { randomUUID } from "node:crypto";

const VALID_REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** The caller's own id for the request, if it is fit for headers and logs, else a new one. */
export function requestIdFrom(inbound: string | string[] | undefined): string {
  return typeof inbound === "string" && VALID_REQUEST_ID.test(inbound) ? inbound : randomUUID();
}
