import type { Agent } from "node:http";
import type { NetworkFault } from "./load-balancer";

export interface BrowserRequest {
  path: string;
  /** The input of a mutation. */
  input?: unknown;
  isMutation?: boolean;
  /** A client-side navigation of the Next.js router. */
  isSoftNavigation?: boolean;
  networkFault?: NetworkFault;
  abortAfterMilliseconds?: number;
  /** The instance that receives the request; otherwise the load balancer chooses. */
  instance?: number;
  timeoutMilliseconds?: number;
  agent?: Agent;
}
