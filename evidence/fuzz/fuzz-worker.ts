import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { FuzzRequest } from "./fuzz-request";
import type { Target } from "./target";
import { routeOf, sentHeaders, type Exchange } from "./exchange";
import { headerValue } from "./headers";
import { ORACLES, TYPED_SECRET, type OracleName } from "./oracles";
import { AGENT, PASSWORD, TestUser, readRows } from "./test-user";
import { fuzzedRequest } from "./fuzzed-requests";
import { renderRequest, type RenderedRequest } from "./rendered-request";
import { tamper } from "./tampering";
import { sendByFetch, sendBytes, type SendOutcome } from "./transport";
import type { RunStatistics } from "./run-statistics";
import type { PlaceholderResolver } from "./placeholders";

/** How long the log may take, and how long a line is waited for that need not come. */
const LOG_TIMEOUT_SECONDS = 10;
const LOG_TIMEOUT_SECONDS_WITHOUT_RESPONSE = 0.05;

/** A request that an oracle did not let pass, as small as it could be made. */
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

/** One after the other, with two people of its own: one who sends, and one who must not notice. */
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

  /** Sends so many requests; what is found is sent again and again until nothing can be left out of it. */
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
    const broken = (
      details.errorInstance instanceof OracleViolation ? details.errorInstance : last
    ) as OracleViolation | null;
    if (broken === null) throw details.errorInstance;
    return toFinding(broken, seed, details.counterexamplePath ?? "");
  }

  private async exchange(request: FuzzRequest): Promise<void> {
    const requestId = randomUUID();
    const rendered = renderRequest(request, this.resolve(requestId));
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
      log: await this.target.log.about(
        (response && headerValue(response.headers, "x-request-id")) ?? requestId,
        response === null ? LOG_TIMEOUT_SECONDS_WITHOUT_RESPONSE : LOG_TIMEOUT_SECONDS,
      ),
      bystanderChange: this.bystander.changeIn(bystanderRows!),
      userChange: this.user.changeIn(userRows!),
    };
    this.statistics.record(exchange);
    try {
      for (const [oracle, judge] of Object.entries(ORACLES) as [OracleName, (exchange: Exchange) => string | null][]) {
        const violation = judge(exchange);
        if (violation !== null) throw new OracleViolation(oracle, violation, exchange);
      }
    } finally {
      await this.settle(exchange);
    }
  }

  /** Both are again as they were, so that what follows, or is sent once more, meets the same. */
  private async settle({ bystanderChange, userChange }: Exchange): Promise<void> {
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

  private resolve(requestId: string): PlaceholderResolver {
    const { target, user, bystander } = this;
    const plain: Record<string, () => string> = {
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
    return (word, change, at) => {
      const said = plain[word]?.() ?? "";
      return change === undefined
        ? said
        : tamper(said, change, at, target.signingSecrets[word as "access" | "refresh"]);
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
    // With its words unfilled: what is tied to the run is of no use to a reader.
    request: shorten(renderRequest(exchange.request, keepPlaceholder).bytes.toString("latin1")),
    response: shown === undefined ? "no answer" : shorten(`${shown.status}\n${head}\n\n${shown.body}`),
    seed,
    path,
  };
}

const keepPlaceholder: PlaceholderResolver = (word, change, at) =>
  `{{${word}${change === undefined ? "" : `|${change}:${at}`}}}`;

function shorten(text: string): string {
  return text.length > 2500 ? `${text.slice(0, 2000)} … ${text.length} characters` : text;
}
