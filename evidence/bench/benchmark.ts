import type { Measurement } from "./measurements";
import type { LoadGenerator } from "./load-generator";
import type { Options } from "./options";
import type { TestBed } from "./test-bed";

/** Shared by all benchmarks of a run. */
export interface BenchmarkContext {
  options: Options;
  testBed: TestBed;
  loadGenerator: LoadGenerator;
}

export type OnProgress = (detail: string) => void;

/** Returns one or more measurements. */
export type Benchmark = (context: BenchmarkContext, onProgress: OnProgress) => Promise<Measurement[]>;
