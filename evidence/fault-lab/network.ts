import { pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import type { BrowserRequest } from "./browser-request";
import type { Lab } from "./lab";

const LOSS_PROBABILITY = 0.05;
const DELAY_PROBABILITY = 0.25;

/** Draws the network fault of one request: 5 % are lost, a quarter of the others delayed. */
export function randomNetworkFault(
  { requestTimeoutMilliseconds, results }: Lab,
  random: Random,
): Pick<BrowserRequest, "networkFault" | "abortAfterMilliseconds"> {
  if (random.chance(LOSS_PROBABILITY)) {
    switch (random.pickWeighted({ response: 6, abort: 3, request: 1 })) {
      case "response":
        results.count("network: responses dropped");
        return { networkFault: { deliversResponse: async () => false } };
      case "abort":
        results.count("network: clients aborted");
        return { abortAfterMilliseconds: random.between(0, 25) };
      case "request":
        results.count("network: requests dropped");
        return { networkFault: { dropsRequest: true } };
    }
  }
  if (!random.chance(DELAY_PROBABILITY)) return {};
  results.count("network: delayed");
  // Both directions together stay below the request timeout.
  const delay = random.between(0.05, 0.95) * requestTimeoutMilliseconds;
  const requestDelayMilliseconds = random.chance(0.3) ? random.between(0, delay / 2) : 0;
  const deliversResponse = async (arrivedAt: number) => {
    await pause(arrivedAt + delay - requestDelayMilliseconds - performance.now());
    return true;
  };
  return { networkFault: { requestDelayMilliseconds, deliversResponse } };
}

/** Any address of the loopback network, as the address of a client. */
export function randomLoopbackAddress(random: Random): string {
  return `127.${Math.floor(random.between(1, 250))}.${Math.floor(random.between(0, 250))}.${Math.floor(random.between(1, 250))}`;
}

export const USER_AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
] as const;
