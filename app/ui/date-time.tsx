"use client";

import { useNow } from "./use-now";

const FORMAT = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" } as const;
const UTC_FORMAT = new Intl.DateTimeFormat("en-GB", { ...FORMAT, timeZone: "UTC" });
const LOCAL_FORMAT = new Intl.DateTimeFormat("en-GB", FORMAT);
const RELATIVE_FORMAT = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** A date with time: in UTC during server rendering, which does not know the time zone, then in local time. */
export function DateTime({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} className="figures">
      {now === null ? formatUtc(at) : LOCAL_FORMAT.format(new Date(at))}
    </time>
  );
}

/** Relative time, with the exact time as tooltip. */
export function RelativeTime({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={now === null ? undefined : LOCAL_FORMAT.format(new Date(at))} className="figures">
      {now === null ? formatUtc(at) : describeRelativeTime(Date.parse(at), now)}
    </time>
  );
}

/** In the largest unit that fits; below a minute without a number. */
export function describeRelativeTime(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  if (unit) return RELATIVE_FORMAT.format(Math.trunc(seconds / unit[1]), unit[0]);
  return seconds > 0 ? "in less than a minute" : "just now";
}

function formatUtc(at: string): string {
  return `${UTC_FORMAT.format(new Date(at))} UTC`;
}
