import "server-only";
import Bowser from "bowser";
import { LRUCache } from "lru-cache";

const USER_AGENT_MAX_LENGTH = 512;
const NAME_MAX_LENGTH = 64;

const DEVICE_TYPES = ["desktop", "mobile", "tablet", "tv", "bot"] as const;

/** What tells one holder of a token from another: names without versions, so that an update changes nothing. */
export interface Browser {
  browser: string;
  os: string;
}

export interface Device extends Browser {
  type: (typeof DEVICE_TYPES)[number] | "unknown";
}

/** As much of the header as is kept. Clients send what they like, of any length. */
export function truncateUserAgent(userAgent: string | null | undefined): string {
  return truncate(userAgent ?? "", USER_AGENT_MAX_LENGTH);
}

/** Every request asks, and most ask about the same few browsers. */
const described = new LRUCache<string, Device>({ max: 1000, memoMethod: parseUserAgent });

/** The device in words that people know. Never throws: a user agent is only what a client says about itself. */
export function describeDevice(userAgent: string | null | undefined): Device {
  return described.memo(truncateUserAgent(userAgent));
}

export function isSameBrowser(one: Browser, other: Browser): boolean {
  return one.browser === other.browser && osFamily(one.os) === osFamily(other.os);
}

/** What a phone or a tablet says it is in the tabs where a person asked for the desktop site. */
const DESKTOP_SITE_OS = new Map([
  ["Android", "Linux"],
  ["iOS", "macOS"],
]);

/** The system, whichever site a tab asks for: two tabs of one phone are one browser, and wake up together. */
export function osFamily(os: string): string {
  return DESKTOP_SITE_OS.get(os) ?? os;
}

function parseUserAgent(userAgent: string): Device {
  // bowser refuses to parse an empty string.
  const { browser, os, platform } = Bowser.parse(userAgent || " ");
  return {
    browser: truncate(browser.name || programName(userAgent) || "Unknown browser", NAME_MAX_LENGTH),
    os: truncate(os.name || "Unknown system", NAME_MAX_LENGTH),
    type: os.name === "Chrome OS" ? "desktop" : (DEVICE_TYPES.find((type) => type === platform.type) ?? "unknown"),
  };
}

/** "curl/8.5.0" is not a browser, but it has a name, and two programs are not one. */
function programName(userAgent: string): string | undefined {
  const name = /^[a-z][\w.-]*/i.exec(userAgent)?.[0];
  return name === "Mozilla" ? undefined : name;
}

/** Cuts between characters and never leaves half of one, which the database would refuse. */
function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text.toWellFormed();
  return [...text.slice(0, 2 * limit)].slice(0, limit).join("").toWellFormed();
}
