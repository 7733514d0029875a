import type { TestBed } from "@/evidence/bench/test-bed";

export interface Claim {
  holds: boolean;
  /** The claim with its figures. */
  text: string;
}

/** Returns its claims and a table of the figures. */
export type TimingMeasurement = (
  testBed: TestBed,
  onProgress: (detail: string) => void,
) => Promise<{ claims: Claim[]; table: string }>;
