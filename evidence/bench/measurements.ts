import { evaluate, type Threshold, type Verdict } from "./thresholds";
import type { Summary } from "@/evidence/statistics";

/** One line of the table. */
export interface Measurement {
  name: string;
  figure: string;
  threshold: string;
  verdict: Verdict | null;
  /** The figure as a number. */
  value: number;
  limit: Threshold | null;
  detail: unknown;
}

/** `format` converts the value to text; minimum and maximum of the rounds are added. */
export function measurement(
  name: string,
  measured: number | Summary,
  { format = ratio, threshold = null, note = "", detail = null }: MeasurementOptions = {},
): Measurement {
  const value = typeof measured === "number" ? measured : measured.median;
  const spread = typeof measured === "number" ? "" : ` (${format(measured.min)} to ${format(measured.max)})`;
  return {
    name,
    figure: `${format(value)}${spread}${note === "" ? "" : `, ${note}`}`,
    threshold: threshold === null ? "" : `${threshold.kind === "at least" ? "≥" : "≤"} ${format(threshold.limit)}`,
    verdict: threshold && evaluate(value, threshold),
    value,
    limit: threshold,
    detail,
  };
}

interface MeasurementOptions {
  format?: (value: number) => string;
  threshold?: Threshold | null;
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
