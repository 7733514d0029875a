import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { routeOf, sentHeaders, type Exchange } from "./exchange";
import type { FuzzRequest } from "./fuzz-request";
import { fuzzedRequest } from "./fuzzed-requests";
import { headerValue } from "./http-response-parser";
import { ORACLES, TYPED_SECRET, type OracleName } from "./oracles";
import type { PlaceholderResolver } from "./placeholders";
import { renderRequest, type RenderedRequest } from "./rendered-request";
import type { RunStatistics } from "./run-statistics";
import { tamper } from "./tampering";
import type { Target } from "./target";
import { AGENT, PASSWORD, TestUser, readRows } from "./test-user";
import { sendByFetch, sendBytes, type SendOutcome } from "./transport";

const LOG_TIMEOUT_SECONDS = 10;
const LOG_TIMEOUT_SECONDS_WITHOUT_RESPONSE = 0.05;

/** A shrunk request that violates an oracle. */
export interface Finding {
  oracle: OracleName;
  violation: string;
  request: string;
  response: string;
  seed: number;
  path: string;
}

class OracleViolation extends Error {
  constructor(
    readonly oracle: OracleName,
    readonly violation: string,
    readonly exchange: Exchange,
  ) {
    super(`${oracle}: ${violation}`);
  }
}

/** Sends requests sequentially with its own two users: a sender, and a bystander whose rows must not change. */
export class FuzzWorker {
  private constructor(
    private readonly target: Target,
    private readonly statistics: RunStatistics,
    private readonly user: TestUser,
    private readonly bystander: TestUser,
  ) {}

  static async open(target: Target, statistics: RunStatistics, passwordHash: string): Promise<FuzzWorker> {
    const [user, bystander] = await Promise.all([
      TestUser.create(target.db, passwordHash),
      TestUser.create(target.db, passwordHash),
    ]);
    return new FuzzWorker(target, statistics, user, bystander);
  }

  /** Sends `count` requests and shrinks the first that violates an oracle. */
  async run(count: number, seed: number, path: string | undefined): Promise<Finding | null> {
    let last: OracleViolation | null = null;
    const property = fc.asyncProperty(fuzzedRequest, async (request) => {
      try {
        await this.exchange(request);
      } catch (error) {
        if (error instanceof OracleViolation) last = error;
        throw error;
      }
    });
    const details = await fc.check(property, { seed, path, numRuns: count, verbose: 0 });
    if (!details.failed) return null;
    const violation = (
      details.errorInstance instanceof OracleViolation ? details.errorInstance : last
    ) as OracleViolation | null;
    if (violation === null) throw details.errorInstance;
    return toFinding(violation, seed, details.counterexamplePath ?? "");
  }

  private async exchange(request: FuzzRequest): Promise<void> {
    const requestId = randomUUID();
    const rendered = renderRequest(request, this.placeholderValues(requestId));
    const outcome = await this.send(request, rendered);
    const [response = null] = outcome.responses;
    const [userRows, bystanderRows] = await readRows(this.target.db, [this.user, this.bystander]);
    const exchange: Exchange = {
      request,
      rendered,
      outcome,
      response,
      route: routeOf(rendered),
      user: this.user,
      bystander: this.bystander,
      origin: this.target.origin,
      secrets: this.target.secrets,
      log: await this.target.log.linesOf(
        (response && headerValue(response.headers, "x-request-id")) ?? requestId,
        response === null ? LOG_TIMEOUT_SECONDS_WITHOUT_RESPONSE : LOG_TIMEOUT_SECONDS,
      ),
      bystanderChange: this.bystander.changeIn(bystanderRows!),
      userChange: this.user.changeIn(userRows!),
    };
    this.statistics.record(exchange);
    try {
      for (const [oracle, check] of Object.entries(ORACLES) as [OracleName, (exchange: Exchange) => string | null][]) {
        const violation = check(exchange);
        if (violation !== null) throw new OracleViolation(oracle, violation, exchange);
      }
    } finally {
      await this.restoreState(exchange);
    }
  }

  /** Restores the rows of both users, so that the next request, or a repetition while shrinking, meets the same state. */
  private async restoreState({ bystanderChange, userChange }: Exchange): Promise<void> {
    if (bystanderChange !== null) await this.bystander.restore();
    if (userChange === null) return;
    this.statistics.restoredSessions += 1;
    await this.user.restore();
  }

  private async send(request: FuzzRequest, rendered: RenderedRequest): Promise<SendOutcome> {
    const isPlain = request.framing === null && request.encoding === "utf8" && request.body !== "";
    const fetched = request.usesFetch && isPlain ? await sendByFetch(this.target.port, rendered) : null;
    if (fetched !== null) return fetched;
    const halfCloses =
      request.framing !== null || request.kind === "raw" || sentHeaders(rendered, "content-length").length > 1;
    return sendBytes(this.target.port, rendered, { halfCloses, lingers: halfCloses });
  }

  private placeholderValues(requestId: string): PlaceholderResolver {
    const { target, user, bystander } = this;
    const values: Record<string, () => string> = {
      origin: () => target.origin,
      host: () => new URL(target.origin).host,
      buildId: () => target.buildId,
      agent: () => AGENT,
      requestId: () => requestId,
      typed: () => TYPED_SECRET,
      password: () => PASSWORD,
      newEmail: () => `new.${randomUUID()}@example.test`,
      email: () => user.email,
      session: () => user.sessionId,
      access: () => user.access,
      refresh: () => user.refresh,
      "bystander.email": () => bystander.email,
      "bystander.session": () => bystander.sessionId,
      "bystander.access": () => bystander.access,
      "bystander.refresh": () => bystander.refresh,
    };
    return (name, tampering, at) => {
      const value = values[name]?.() ?? "";
      return tampering === undefined
        ? value
        : tamper(value, tampering, at, target.signingSecrets[name as "access" | "refresh"]);
    };
  }
}

function toFinding({ oracle, violation, exchange }: OracleViolation, seed: number, path: string): Finding {
  const { response, outcome } = exchange;
  const shown = response ?? outcome.responses[0];
  const head = shown?.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return {
    oracle,
    violation,
    // With placeholders instead of values, which are valid only during this run.
    request: shorten(renderRequest(exchange.request, keepPlaceholder).bytes.toString("latin1")),
    response: shown === undefined ? "no response" : shorten(`${shown.status}\n${head}\n\n${shown.body}`),
    seed,
    path,
  };
}

const keepPlaceholder: PlaceholderResolver = (name, tampering, at) =>
  `{{${name}${tampering === undefined ? "" : `|${tampering}:${at}`}}}`;

function shorten(text: string): string {
  return text.length > 2500 ? `${text.slice(0, 2000)} … ${text.length} characters` : text;
}
