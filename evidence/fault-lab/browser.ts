import type { Account } from "./account";
import type { Asked } from "./browser-request";
import { exchange } from "@/evidence/http-client";
import { Jar } from "@/evidence/cookie-jar";
import { readHolding, type Holding } from "./token-families";
import { noteReply, noteSignedOut } from "./outcome-checks";
import { judge, pathOf, type Reply } from "./browser-outcome";
import type { World } from "./lab";

const HOPS_AT_MOST = 8;

/** A browser, as far as cookies and requests go: one jar for all its tabs, answers taken in the order they arrive. */
export class Browser {
  jar = new Jar();
  /** The refresh tokens of the present session that arrived here, in that order. */
  holdings: Holding[] = [];
  /** Whether the person has reason to believe so; for a thief it is nobody's business. */
  believesSignedIn = false;
  /** Changes whenever that belief may: what was asked before says nothing about afterwards. */
  epoch = 0;
  lastAnsweredAt = 0;
  readonly #underWay = new Set<AbortController>();

  constructor(
    readonly world: World,
    readonly userAgent: string,
    public address: string,
    readonly account: Account,
  ) {}

  get sessionId(): string | null {
    return this.holdings.at(-1)?.sessionId ?? null;
  }

  /** Nothing new has arrived for the whole idle time: by the contract the session is over for this browser. */
  get hasIdledOut(): boolean {
    const newest = this.holdings.at(-1);
    return newest !== undefined && Date.now() > newest.expiresAt - 1000;
  }

  async ask(asked: Asked): Promise<Reply> {
    const { stack, requestMilliseconds } = this.world;
    const { epoch, address } = this;
    const only = asked.instance === undefined ? undefined : stack.instances[asked.instance]!.port;
    const controller = new AbortController();
    this.#underWay.add(controller);
    const wasRefreshable = this.jar.refreshToken !== null;
    const outcome = await exchange({
      method: asked.isMutation ? "POST" : "GET",
      path: asked.path,
      headers: this.#headersFor(asked),
      body: asked.isMutation ? (asked.input === undefined ? "" : JSON.stringify(asked.input)) : undefined,
      port: stack.front.port,
      address,
      lifeMilliseconds: asked.lifeMilliseconds ?? requestMilliseconds,
      hangUpAfterMilliseconds: asked.hangUpAfterMilliseconds,
      onConnect: (port) => stack.front.destine(address, port, { only, ...asked.fate }),
      onHead: (setCookies) => this.#receive(setCookies),
      signal: controller.signal,
      agent: asked.agent,
    });
    this.#underWay.delete(controller);
    const reply = judge(outcome, stack.origin);
    this.lastAnsweredAt = Date.now();
    noteReply(this.world, asked, reply);
    if (reply.kind === "signed out" && this.believesSignedIn && epoch === this.epoch) {
      this.believesSignedIn = false;
      noteSignedOut(this, asked, reply.answer, wasRefreshable);
    }
    return reply;
  }

  /** Like a document load: follows redirects as browsers do, up to where it is told that it is signed out, or to wait. */
  async open(path: string, asked: Omit<Asked, "path"> = {}): Promise<Reply> {
    let next = path;
    for (let hop = 0; hop < HOPS_AT_MOST; hop++) {
      const reply = await this.ask({ ...asked, path: next });
      if (reply.kind !== "fine" || reply.answer.location === null) return reply;
      next = pathOf(reply.answer.location);
    }
    this.world.tally.complain("no fault", `${path} led in circles, last to ${next}`);
    return this.ask({ ...asked, path: next });
  }

  call(procedure: string, asked: Omit<Asked, "path"> = {}): Promise<Reply> {
    return this.ask({ ...asked, path: `/api/trpc/${procedure}` });
  }

  mutate(procedure: string, input?: unknown, asked: Omit<Asked, "path"> = {}): Promise<Reply> {
    return this.call(procedure, { lifeMilliseconds: 15_000, ...asked, isMutation: true, input });
  }

  async register(asked?: Omit<Asked, "path">): Promise<Reply> {
    return this.#entered(await this.mutate("auth.register", this.account, asked));
  }

  async login(asked?: Omit<Asked, "path">): Promise<Reply> {
    const { email, password, remember } = this.account;
    return this.#entered(await this.mutate("auth.login", { email, password, remember }, asked));
  }

  /** From now on nobody may conclude anything from being signed out. */
  expectTheEnd(): void {
    this.epoch += 1;
    this.believesSignedIn = false;
  }

  /** The lid closes: what is under way is never received. */
  hangUp(): void {
    for (const controller of this.#underWay) controller.abort();
  }

  /** Somebody else with the same cookies. */
  copiedBy(userAgent: string, address: string): Browser {
    const copy = new Browser(this.world, userAgent, address, this.account);
    copy.jar = this.jar.copy();
    copy.holdings = [...this.holdings];
    return copy;
  }

  #entered(reply: Reply): Reply {
    if (reply.kind !== "fine") return reply;
    this.epoch += 1;
    this.believesSignedIn = true;
    this.world.tally.add("sessions");
    return reply;
  }

  #headersFor({ isMutation, isSoft }: Asked): Record<string, string> {
    const cookie = this.jar.header;
    return {
      host: new URL(this.world.stack.origin).host,
      "user-agent": this.userAgent,
      ...(cookie === undefined ? {} : { cookie }),
      ...(isMutation ? { "content-type": "application/json", origin: this.world.stack.origin } : {}),
      ...(isSoft ? { rsc: "1", "sec-fetch-dest": "empty" } : {}),
    };
  }

  #receive(setCookies: readonly string[]): void {
    const before = this.jar.refreshToken;
    for (const cookie of setCookies) this.jar.receive(cookie);
    const { refreshToken } = this.jar;
    if (refreshToken === null || refreshToken === before) return;
    const holding = readHolding(refreshToken);
    if (this.sessionId !== holding.sessionId) this.holdings = [];
    this.holdings.push(holding);
    this.world.lineages.note(holding, this.world.lives);
  }
}
