import type { Agent } from "node:http";
import type { NetworkFault } from "./load-balancer";

export interface BrowserRequest {
  path: string;
  /** For a mutation: its input. */
  input?: unknown;
  isMutation?: boolean;
  /** A navigation inside a page. */
  isSoftNavigation?: boolean;
  networkFault?: NetworkFault;
  abortAfterMilliseconds?: number;
  /** The one instance that may answer; any may otherwise. */
  instance?: number;
  timeoutMilliseconds?: number;
  agent?: Agent;
}
