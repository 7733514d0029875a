import "server-only";
import Bowser from "bowser";
import { LRUCache } from "lru-cache";

const USER_AGENT_MAX_LENGTH = 512;
const NAME_MAX_LENGTH = 64;

const DEVICE_TYPES = ["desktop", "mobile", "tablet", "tv", "bot"] as const;

/** Distinguishes the clients of a session. Names without versions, so that an update changes nothing. */
export interface Browser {
  browser: string;
  os: string;
}

export interface Device extends Browser {
  type: (typeof DEVICE_TYPES)[number] | "unknown";
}

/** The part of the header that is stored. Clients may send any length. */
export function truncateUserAgent(userAgent: string | null | undefined): string {
  return truncate(userAgent ?? "", USER_AGENT_MAX_LENGTH);
}

/** Every request needs this, and most come from the same few browsers. */
const described = new LRUCache<string, Device>({ max: 1000, memoMethod: parseUserAgent });

/** The device in familiar names. Never throws, whatever the client sends. */
export function describeDevice(userAgent: string | null | undefined): Device {
  return described.memo(truncateUserAgent(userAgent));
}

export function isSameBrowser(one: Browser, other: Browser): boolean {
  return one.browser === other.browser && osFamily(one.os) === osFamily(other.os);
}

/** The system that a phone or tablet reports in a tab that requests the desktop site. */
const DESKTOP_SITE_OS = new Map([
  ["Android", "Linux"],
  ["iOS", "macOS"],
]);

/** The same for both kinds of tabs of a device: they are one browser, and may refresh at the same time. */
export function osFamily(os: string): string {
  return DESKTOP_SITE_OS.get(os) ?? os;
}

function parseUserAgent(userAgent: string): Device {
  // bowser throws on an empty string.
  const { browser, os, platform } = Bowser.parse(userAgent || " ");
  return {
    browser: truncate(browser.name || programName(userAgent) || "Unknown browser", NAME_MAX_LENGTH),
    os: truncate(os.name || "Unknown system", NAME_MAX_LENGTH),
    type: os.name === "Chrome OS" ? "desktop" : (DEVICE_TYPES.find((type) => type === platform.type) ?? "unknown"),
  };
}

/** The name of a program such as "curl/8.5.0", so that two programs are two clients. */
function programName(userAgent: string): string | undefined {
  const name = /^[a-z][\w.-]*/i.exec(userAgent)?.[0];
  return name === "Mozilla" ? undefined : name;
}

/** Cuts between code points: the database rejects a lone surrogate. */
function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text.toWellFormed();
  return [...text.slice(0, 2 * limit)].slice(0, limit).join("").toWellFormed();
}
