import type { Account } from "./account";
import type { BrowserRequest } from "./browser-request";
import { sendRequest } from "@/evidence/http-client";
import { CookieJar } from "@/evidence/cookie-jar";
import { decodeRefreshToken, type ReceivedToken } from "./token-families";
import { checkOutcome, reportUnexpectedLogout } from "./outcome-checks";
import { classifyOutcome, pathOf, type BrowserOutcome } from "./browser-outcome";
import type { Lab } from "./lab";

const MAX_REDIRECTS = 8;

/** A browser, as far as cookies and requests go: one jar for all its tabs, answers taken in the order they arrive. */
export class Browser {
  jar = new CookieJar();
  /** The refresh tokens of the present session that arrived here, in that order. */
  receivedTokens: ReceivedToken[] = [];
  /** Whether the person has reason to believe so; for a thief it is nobody's business. */
  expectsSignedIn = false;
  /** Changes whenever that belief may: what was asked before says nothing about afterwards. */
  epoch = 0;
  lastResponseAt = 0;
  readonly #underWay = new Set<AbortController>();

  constructor(
    readonly lab: Lab,
    readonly userAgent: string,
    public address: string,
    readonly account: Account,
  ) {}

  get sessionId(): string | null {
    return this.receivedTokens.at(-1)?.sessionId ?? null;
  }

  /** Nothing new has arrived for the whole idle time: by the contract the session is over for this browser. */
  get hasIdledOut(): boolean {
    const newest = this.receivedTokens.at(-1);
    return newest !== undefined && Date.now() > newest.expiresAt - 1000;
  }

  async send(request: BrowserRequest): Promise<BrowserOutcome> {
    const { stack, requestTimeoutMilliseconds } = this.lab;
    const { epoch, address } = this;
    const instancePort = request.instance === undefined ? undefined : stack.instances[request.instance]!.port;
    const controller = new AbortController();
    this.#underWay.add(controller);
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
      onHead: (setCookies) => this.#receive(setCookies),
      signal: controller.signal,
      agent: request.agent,
    });
    this.#underWay.delete(controller);
    const outcome = classifyOutcome(received, stack.origin);
    this.lastResponseAt = Date.now();
    checkOutcome(this.lab, request, outcome);
    if (outcome.kind === "signed out" && this.expectsSignedIn && epoch === this.epoch) {
      this.expectsSignedIn = false;
      reportUnexpectedLogout(this, request, outcome.response, wasRefreshable);
    }
    return outcome;
  }

  /** Like a document load: follows redirects as browsers do, up to where it is told that it is signed out, or to wait. */
  async open(path: string, request: Omit<BrowserRequest, "path"> = {}): Promise<BrowserOutcome> {
    let next = path;
    for (let hop = 0; hop < MAX_REDIRECTS; hop++) {
      const outcome = await this.send({ ...request, path: next });
      if (outcome.kind !== "fine" || outcome.response.location === null) return outcome;
      next = pathOf(outcome.response.location);
    }
    this.lab.results.reportViolation("no fault", `${path} led in circles, last to ${next}`);
    return this.send({ ...request, path: next });
  }

  call(procedure: string, request: Omit<BrowserRequest, "path"> = {}): Promise<BrowserOutcome> {
    return this.send({ ...request, path: `/api/trpc/${procedure}` });
  }

  mutate(procedure: string, input?: unknown, request: Omit<BrowserRequest, "path"> = {}): Promise<BrowserOutcome> {
    return this.call(procedure, { timeoutMilliseconds: 15_000, ...request, isMutation: true, input });
  }

  async register(request?: Omit<BrowserRequest, "path">): Promise<BrowserOutcome> {
    return this.#entered(await this.mutate("auth.register", this.account, request));
  }

  async login(request?: Omit<BrowserRequest, "path">): Promise<BrowserOutcome> {
    const { email, password, remember } = this.account;
    return this.#entered(await this.mutate("auth.login", { email, password, remember }, request));
  }

  /** From now on nobody may conclude anything from being signed out. */
  allowSignedOut(): void {
    this.epoch += 1;
    this.expectsSignedIn = false;
  }

  /** The lid closes: what is under way is never received. */
  abortRequests(): void {
    for (const controller of this.#underWay) controller.abort();
  }

  /** Somebody else with the same cookies. */
  copyAs(userAgent: string, address: string): Browser {
    const copy = new Browser(this.lab, userAgent, address, this.account);
    copy.jar = this.jar.copy();
    copy.receivedTokens = [...this.receivedTokens];
    return copy;
  }

  #entered(outcome: BrowserOutcome): BrowserOutcome {
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

  #receive(setCookies: readonly string[]): void {
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
