import { z } from "zod";
import { isLoopbackHost } from "./loopback-host";

export interface MailServer {
  host: string;
  port: number;
  /** From the first byte, by STARTTLS, or none, which is for loopback only. */
  tls: "implicit" | "starttls" | "none";
  login: { user: string; password: string } | null;
}

const SMTP_URL_MESSAGE =
  "must be like smtps://user:password@mail.example.com or smtp://mail.example.com:587, without a path; in user and password write % as %25, # as %23, @ as %40, / as %2F, ? as %3F, : as %3A";

/** SMTP_URL. */
export function toMailServer(value: string, context: z.RefinementCtx): MailServer {
  const url = URL.parse(value);
  const parts = url === null ? null : decodeUserInfo(url);
  const isPlain = url !== null && /^smtps?:$/.test(url.protocol) && /^\/?$/.test(url.pathname) && !/[?#\s]/.test(value);
  if (url === null || parts === null || !isPlain || url.hostname === "" || url.port === "0") {
    context.addIssue({ code: "custom", message: SMTP_URL_MESSAGE });
    return z.NEVER;
  }
  if ((parts.user === "") !== (parts.password === "")) {
    context.addIssue({ code: "custom", message: "must have a user and a password, or neither" });
    return z.NEVER;
  }
  const isImplicit = url.protocol === "smtps:";
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? "implicit" : isLoopbackHost(url.hostname) ? "none" : "starttls",
    login: parts.user === "" ? null : parts,
  };
}

/** Null if user or password contains a percent sign that begins no escape. */
function decodeUserInfo({ username, password }: URL): { user: string; password: string } | null {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return null;
  }
}

export interface Sender {
  name: string;
  address: string;
}

/** An address as in a mail header (RFC 5322): no quoted local part, no comment, no address literal. */
const SENDER = /^(?:"?(?<name>[^"<>\p{C}]*?)"?\s*<(?<inBrackets>[^<>]+)>|(?<alone>[^<>]+))$/u;
const MAIL_ADDRESS =
  /^(?=.{1,254}$)[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)*[\w](?:[\w-]{0,61}[\w])?$/;

/** MAIL_FROM. */
export function toSender(value: string, context: z.RefinementCtx): Sender {
  const { name = "", inBrackets, alone } = SENDER.exec(value.trim())?.groups ?? {};
  const address = inBrackets ?? alone ?? "";
  if (MAIL_ADDRESS.test(address)) return { name: name.trim(), address };
  context.addIssue({
    code: "custom",
    message:
      "must be an address such as no-reply@example.com, or a name and an address: Portcullis <no-reply@example.com>",
  });
  return z.NEVER;
}
