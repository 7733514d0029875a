import { recordTraffic } from "./redaction-records";
import { ForwardProxy, type Delivery } from "./forward-proxy";
import { matchesRequest, type HttpExchange, type RequestMatcher } from "./http-exchange";

export interface DroppedResponses {
  /** Resolves when the server has sent the first response that is dropped. */
  first: Promise<HttpExchange>;
  /** Responses are delivered again from now on. */
  stop: () => void;
}

export interface HeldResponse {
  /** Resolves when the server has sent the response; the browser has not received it. */
  answered: Promise<HttpExchange>;
  /** Delivers the response to the browser. */
  release: () => void;
}

interface Rule {
  matcher: RequestMatcher;
  /** How many more responses the rule applies to. */
  remaining: number;
  decide: (exchange: HttpExchange) => Promise<Delivery>;
}

/**
 * The network between one test's browsers and the app. App and responses are real; the test decides which responses are
 * delivered, when, and from which address the browsers connect.
 */
export class Network {
  /** Every request so far, in order. Encrypted requests are not recorded. */
  readonly exchanges: HttpExchange[] = [];
  readonly #rules: Rule[] = [];

  private constructor(private readonly proxy: ForwardProxy) {}

  static async open(): Promise<Network> {
    const network: Network = new Network(await ForwardProxy.open((exchange) => network.#applyRule(exchange)));
    return network;
  }

  /** The address for a browser's proxy setting. */
  get url(): string {
    return this.proxy.url;
  }

  async close(): Promise<void> {
    await this.proxy.close();
    recordTraffic(this.exchanges, this.proxy.tunnels);
  }

  /** The source address that an app on this machine sees: any address in 127.0.0.0/8. */
  setClientAddress(address: string): void {
    this.proxy.address = address;
  }

  /** Closes all connections and refuses new ones until `reconnect`. */
  disconnect(): void {
    this.proxy.disconnect();
  }

  reconnect(): void {
    this.proxy.reconnect();
  }

  /**
   * Lets the server process the request and discards the response, body and cookies. On a reused connection a browser repeats the
   * request once by itself: the response to that repetition counts as the next one.
   */
  dropResponses(matcher: RequestMatcher, count = Number.POSITIVE_INFINITY): DroppedResponses {
    const [first, resolveFirst] = createDeferred<HttpExchange>();
    const rule = this.#add(matcher, count, async (exchange) => {
      resolveFirst(exchange);
      return "drop";
    });
    return { first, stop: () => (rule.remaining = 0) };
  }

  /** Holds the next matching response back until it is released. */
  holdResponse(matcher: RequestMatcher): HeldResponse {
    const [answered, resolveAnswered] = createDeferred<HttpExchange>();
    const [released, release] = createDeferred<void>();
    this.#add(matcher, 1, async (exchange) => {
      resolveAnswered(exchange);
      await released;
      return "deliver";
    });
    return { answered, release };
  }

  #add(matcher: RequestMatcher, remaining: number, decide: Rule["decide"]): Rule {
    const rule = { matcher, remaining, decide };
    this.#rules.push(rule);
    return rule;
  }

  /** The rule for the response to a request that is about to be forwarded; null if none matches. */
  #applyRule(exchange: HttpExchange): (() => Promise<Delivery>) | null {
    this.exchanges.push(exchange);
    const rule = this.#rules.find(({ remaining, matcher }) => remaining > 0 && matchesRequest(matcher, exchange));
    if (rule === undefined) return null;
    rule.remaining -= 1;
    return () => rule.decide(exchange);
  }
}

function createDeferred<Value>(): [Promise<Value>, (value: Value) => void] {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return [promise, resolve];
}
