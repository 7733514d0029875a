import { generateAccount, type NewAccount } from "@/e2e/kit/accounts";
import { CookieJar } from "@/evidence/cookie-jar";
import { sendRequest } from "@/evidence/http-client";
import { classifyOutcome, pathOf, type BrowserOutcome } from "./browser-outcome";
import type { BrowserRequest } from "./browser-request";
import type { Lab } from "./lab";
import { checkOutcome, reportUnexpectedLogout } from "./outcome-checks";
import { decodeRefreshToken, type ReceivedToken } from "./token-families";

const MAX_REDIRECTS = 8;

export interface LabAccount extends NewAccount {
  remember: boolean;
}

export function inventLabAccount(remember = true): LabAccount {
  return { ...generateAccount(), remember };
}

/** The cookie handling of a browser: one jar for all tabs, Set-Cookie applied in order of arrival. */
export class Browser {
  jar = new CookieJar();
  /** The refresh tokens of the current session, in order of arrival. */
  receivedTokens: ReceivedToken[] = [];
  /** While true, a response that treats the browser as signed out violates an invariant. Always false for a thief. */
  expectsSignedIn = false;
  /** Increases whenever the expectation changes: a response to an earlier request does not count. */
  epoch = 0;
  lastResponseAt = 0;
  readonly #pendingRequests = new Set<AbortController>();

  constructor(
    readonly lab: Lab,
    readonly userAgent: string,
    public address: string,
    readonly account: LabAccount,
  ) {}

  get sessionId(): string | null {
    return this.receivedTokens.at(-1)?.sessionId ?? null;
  }

  /** No newer token arrived during the whole idle timeout, so the session has legitimately ended. */
  get hasIdledOut(): boolean {
    const newest = this.receivedTokens.at(-1);
    return newest !== undefined && Date.now() > newest.expiresAt - 1000;
  }

  async send(request: BrowserRequest): Promise<BrowserOutcome> {
    const { stack, requestTimeoutMilliseconds } = this.lab;
    const { epoch, address } = this;
    const instancePort = request.instance === undefined ? undefined : stack.instances[request.instance]!.port;
    const controller = new AbortController();
    this.#pendingRequests.add(controller);
    const wasRefreshable = this.jar.refreshToken !== null;
    const received = await sendRequest({
      method: request.isMutation ? "POST" : "GET",
      path: request.path,
      headers: this.#headersFor(request),
      body: request.isMutation ? (request.input === undefined ? "" : JSON.stringify(request.input)) : undefined,
      port: stack.loadBalancer.port,
      localAddress: address,
      timeoutMilliseconds: request.timeoutMilliseconds ?? requestTimeoutMilliseconds,
      abortAfterMilliseconds: request.abortAfterMilliseconds,
      onConnect: (port) => stack.loadBalancer.setFault(address, port, { instancePort, ...request.networkFault }),
      onHead: (setCookies) => this.#storeCookies(setCookies),
      signal: controller.signal,
      agent: request.agent,
    });
    this.#pendingRequests.delete(controller);
    const outcome = classifyOutcome(received, stack.origin);
    this.lastResponseAt = Date.now();
    checkOutcome(this.lab, request, outcome);
    if (outcome.kind === "signed out" && this.expectsSignedIn && epoch === this.epoch) {
      this.expectsSignedIn = false;
      reportUnexpectedLogout(this, request, outcome.response, wasRefreshable);
    }
    return outcome;
  }

  /** Loads a document: follows redirects until the login page, the maintenance page or a response without redirect. */
  async open(path: string, request: Omit<BrowserRequest, "path"> = {}): Promise<BrowserOutcome> {
    let next = path;
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects++) {
      const outcome = await this.send({ ...request, path: next });
      if (outcome.kind !== "fine" || outcome.response.location === null) return outcome;
      next = pathOf(outcome.response.location);
    }
    this.lab.results.reportViolation("no errors", `${path} redirected in a loop, last to ${next}`);
    return this.send({ ...request, path: next });
  }

  call(procedure: string, request: Omit<BrowserRequest, "path"> = {}): Promise<BrowserOutcome> {
    return this.send({ ...request, path: `/api/trpc/${procedure}` });
  }

  mutate(procedure: string, input?: unknown, request: Omit<BrowserRequest, "path"> = {}): Promise<BrowserOutcome> {
    return this.call(procedure, { timeoutMilliseconds: 15_000, ...request, isMutation: true, input });
  }

  async register(request?: Omit<BrowserRequest, "path">): Promise<BrowserOutcome> {
    return this.#recordLogin(await this.mutate("auth.register", this.account, request));
  }

  async login(request?: Omit<BrowserRequest, "path">): Promise<BrowserOutcome> {
    const { email, password, remember } = this.account;
    return this.#recordLogin(await this.mutate("auth.login", { email, password, remember }, request));
  }

  /** From here on a logout is no violation. */
  allowSignedOut(): void {
    this.epoch += 1;
    this.expectsSignedIn = false;
  }

  /** Discards the responses of all pending requests, as when a laptop is closed. */
  abortRequests(): void {
    for (const controller of this.#pendingRequests) controller.abort();
  }

  /** Another browser with a copy of the cookies. */
  copyAs(userAgent: string, address: string): Browser {
    const copy = new Browser(this.lab, userAgent, address, this.account);
    copy.jar = this.jar.copy();
    copy.receivedTokens = [...this.receivedTokens];
    return copy;
  }

  #recordLogin(outcome: BrowserOutcome): BrowserOutcome {
    if (outcome.kind !== "fine") return outcome;
    this.epoch += 1;
    this.expectsSignedIn = true;
    this.lab.results.count("sessions");
    return outcome;
  }

  #headersFor({ isMutation, isSoftNavigation }: BrowserRequest): Record<string, string> {
    const cookie = this.jar.header;
    return {
      host: new URL(this.lab.stack.origin).host,
      "user-agent": this.userAgent,
      ...(cookie === undefined ? {} : { cookie }),
      ...(isMutation ? { "content-type": "application/json", origin: this.lab.stack.origin } : {}),
      ...(isSoftNavigation ? { rsc: "1", "sec-fetch-dest": "empty" } : {}),
    };
  }

  #storeCookies(setCookies: readonly string[]): void {
    const before = this.jar.refreshToken;
    for (const cookie of setCookies) this.jar.store(cookie);
    const { refreshToken } = this.jar;
    if (refreshToken === null || refreshToken === before) return;
    const token = decodeRefreshToken(refreshToken);
    if (this.sessionId !== token.sessionId) this.receivedTokens = [];
    this.receivedTokens.push(token);
    this.lab.tokenFamilies.record(token, this.lab.lifetimes);
  }
}
