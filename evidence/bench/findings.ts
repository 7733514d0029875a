import { judge, type Bar, type Verdict } from "./bars";
import type { Summary } from "./figures";

/** One line of the table. */
export interface Finding {
  what: string;
  figure: string;
  bar: string;
  verdict: Verdict | null;
  /** The same for machines. */
  value: number;
  limit: Bar | null;
  detail: unknown;
}

/** `show` puts the value in words; `spread`, where there were rounds, is shown beside it. */
export function finding(
  what: string,
  measured: number | Summary,
  { show = ratio, bar = null, note = "", detail = null }: FindingOptions = {},
): Finding {
  const value = typeof measured === "number" ? measured : measured.median;
  const spread = typeof measured === "number" ? "" : ` (${show(measured.min)} to ${show(measured.max)})`;
  return {
    what,
    figure: `${show(value)}${spread}${note === "" ? "" : `, ${note}`}`,
    bar: bar === null ? "" : `${bar.kind === "at least" ? "≥" : "≤"} ${show(bar.limit)}`,
    verdict: bar && judge(value, bar),
    value,
    limit: bar,
    detail,
  };
}

interface FindingOptions {
  show?: (value: number) => string;
  bar?: Bar | null;
  note?: string;
  detail?: unknown;
}

export function ratio(value: number): string {
  return `${value.toFixed(2)} ×`;
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

export function kilobytes(value: number): string {
  return `${(value / 1000).toFixed(1)} kB`;
}

export function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(0)} MB`;
}

export function perSecond(value: number): string {
  return `${value.toFixed(0)}/s`;
}

export function count(value: number): string {
  return value.toLocaleString("en-GB", { maximumFractionDigits: 1 });
}
