import type { Agent } from "node:http";
import type { Fate } from "./load-balancer";

export interface Asked {
  path: string;
  /** For a mutation: its input. */
  input?: unknown;
  isMutation?: boolean;
  /** A navigation inside a page. */
  isSoft?: boolean;
  fate?: Fate;
  hangUpAfterMilliseconds?: number;
  /** The one instance that may answer; any may otherwise. */
  instance?: number;
  lifeMilliseconds?: number;
  agent?: Agent;
}
