import type { Finding } from "./findings";
import type { Load } from "./load";
import type { Options } from "./options";
import type { Stage } from "./stage";

/** What a row of the table needs to be measured. */
export interface Bench {
  options: Options;
  stage: Stage;
  load: Load;
}

export type Say = (detail: string) => void;

/** Measures what its name says, and may make several lines of it. */
export type Row = (bench: Bench, say: Say) => Promise<Finding[]>;
