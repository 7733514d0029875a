import type { Measurement } from "./measurements";
import type { LoadGenerator } from "./load-generator";
import type { Options } from "./options";
import type { TestBed } from "./test-bed";

/** What a row of the table needs to be measured. */
export interface BenchmarkContext {
  options: Options;
  testBed: TestBed;
  loadGenerator: LoadGenerator;
}

export type OnProgress = (detail: string) => void;

/** Measures what its name says, and may make several lines of it. */
export type Benchmark = (context: BenchmarkContext, onProgress: OnProgress) => Promise<Measurement[]>;
