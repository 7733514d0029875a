import type { Random } from "@/evidence/random";

/** Whose sessions and passwords the attacks use. */
export interface AttackAccount {
  email: string;
  password: string;
  /** The Cookie header of a session; empty without one. */
  readonly cookie: string;
}

interface Origin {
  host: string;
  userAgent: string;
  accounts: readonly AttackAccount[];
}

/** The bytes that a hostile client writes to one connection, and how the connection ends. */
export interface Attack {
  bytes: Buffer;
  end: ConnectionEnd;
  /** The client never reads, so that responses queue up in the server. */
  neverReads: boolean;
}

type ConnectionEnd =
  | { kind: "reset after"; milliseconds: number }
  | { kind: "reset at first byte" }
  | { kind: "half-close" }
  | { kind: "hold"; milliseconds: number };

/** A longer path would be shortened in the log. */
const LONG_PATH_CHARACTERS = 240;
const LONG_HOLD_MILLISECONDS = 4000;
const ATTACK_ID = "attack-";

/** Generates requests with unique ids and effects, so that each can be found in the log and in the database. */
export class AttackGenerator {
  #requests = 0;

  constructor(
    private readonly random: Random,
    private readonly origin: Origin,
  ) {}

  /** The request id that belongs to a name set by `users.update`. */
  static idOfName(fullName: string): string | null {
    const number = /^Attack (\d+)$/.exec(fullName)?.[1];
    return number === undefined ? null : idOf(Number(number));
  }

  static isAttackId(requestId: string): boolean {
    return requestId.startsWith(ATTACK_ID);
  }

  /** Random pipelined requests with a random connection end. */
  mixed(): Attack {
    const { random } = this;
    const count = Math.ceil(random.between(0, 1) ** 2 * 30);
    const requests = Array.from({ length: count }, () => this.#randomRequest());
    const whole = Buffer.from(requests.join(""), "latin1");
    const bytes = random.chance(0.25) ? whole.subarray(0, Math.floor(random.between(1, whole.length))) : whole;
    return { bytes, end: this.#randomEnd(), neverReads: random.chance(0.2) };
  }

  /** Requests that take a place in the password admission queue, behind an unfinished response. Only a POST takes one. */
  queuedCalls(): Attack {
    const call = this.random.chance(0.5)
      ? () => this.#get("/api/trpc/auth.login")
      : () => this.#call("auth.login", { email: "" });
    const calls = Array.from({ length: 7 }, call);
    return this.#reset([this.#get("/login"), ...calls], this.random.between(1, 8));
  }

  /** A CONNECT pipelined behind unfinished responses. */
  queuedConnect(): Attack {
    const files = Array.from({ length: 40 }, () => this.#get("/_next/static/x"));
    return this.#reset([...files, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"], this.random.between(1, 6));
  }

  /** Requests that are answered at once, each with a long line in the log; the server closes the connection after the last. */
  longPaths(count: number): Attack {
    const path = `/_next/static/${"x".repeat(LONG_PATH_CHARACTERS)}`;
    const requests = Array.from({ length: count }, (_, at) =>
      this.#get(path, at === count - 1 ? ["Connection: close"] : []),
    );
    const bytes = Buffer.from(requests.join(""), "latin1");
    return { bytes, end: { kind: "hold", milliseconds: LONG_HOLD_MILLISECONDS }, neverReads: false };
  }

  /** The same requests truncated after every `step` bytes. */
  truncated(step: number): Attack[] {
    const whole = Buffer.from(this.#update() + this.#get("/login"), "latin1");
    const lengths = Array.from({ length: Math.ceil(whole.length / step) }, (_, at) => at * step + 1);
    return lengths.map((length) => this.#reset([whole.toString("latin1", 0, length)], this.random.between(0, 3)));
  }

  #reset(requests: string[], milliseconds: number): Attack {
    const bytes = Buffer.from(requests.join(""), "latin1");
    return { bytes, end: { kind: "reset after", milliseconds }, neverReads: false };
  }

  #randomEnd(): ConnectionEnd {
    const milliseconds = this.random.between(0, 30);
    switch (this.random.pickWeighted({ "reset after": 5, "reset at first byte": 2, "half-close": 2, hold: 1 })) {
      case "reset after":
        return { kind: "reset after", milliseconds };
      case "reset at first byte":
        return { kind: "reset at first byte" };
      case "half-close":
        return { kind: "half-close" };
      case "hold":
        return { kind: "hold", milliseconds: 1000 };
    }
  }

  #randomRequest(): string {
    const { random } = this;
    const kinds = {
      page: 4,
      update: 4,
      file: 3,
      call: 3,
      login: 1,
      upgrade: 2,
      connect: 2,
      version: 2,
      incomplete: 2,
      malformed: 2,
    };
    switch (random.pickWeighted(kinds)) {
      case "page":
        return this.#get(random.pick(["/login", "/dashboard", "/", "/nothing-here", "/maintenance"]));
      case "file":
        return this.#get("/_next/static/x");
      case "call":
        return this.#get(random.pick(["/api/trpc/auth.login", "/api/trpc/auth.session", "/api/health/ready"]));
      case "update":
        return this.#update();
      case "login":
        return this.#login();
      case "upgrade":
        return this.#get(random.pick(["/", "/api/trpc/auth.session", "/_next/hmr"]), [
          "Connection: Upgrade, HTTP2-Settings",
          `Upgrade: ${random.pick(["websocket", "h2c", "WebSocket", "TLS/1.0, HTTP/1.1"])}`,
          "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]);
      case "connect":
        return `CONNECT ${random.pick(["a:1", "127.0.0.1:3306", "/", "*"])} HTTP/1.1\r\nHost: ${this.origin.host}\r\n\r\n`;
      case "version":
        return random.pick([
          `GET /login HTTP/2.0\r\nHost: ${this.origin.host}\r\n\r\n`,
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
          "GET /login HTTP/0.9\r\n\r\n",
          "GET /login\r\n",
        ]);
      case "incomplete":
        return random.pick([
          this.#head("POST", "/api/trpc/auth.login", ["Content-Type: application/json", "Content-Length: 900"]) + "{",
          this.#head("POST", "/api/trpc/users.update", ["Transfer-Encoding: chunked"]) + "5\r\n{",
          this.#head("GET", "/login").slice(0, -2),
        ]);
      case "malformed":
        return random.pick([
          "\r\n\r\n",
          "\0\0\0",
          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
          "OPTIONS * HTTP/1.1\r\n\r\n",
        ]);
    }
  }

  #get(path: string, headers: string[] = []): string {
    return this.#head("GET", path, headers);
  }

  #update(): string {
    const { cookie } = this.random.pick(this.origin.accounts);
    const headers = cookie === "" ? [] : [`Cookie: ${cookie}`];
    return this.#call("users.update", { fullName: `Attack ${this.#requests}` }, headers);
  }

  #login(): string {
    const { email, password } = this.random.pick(this.origin.accounts);
    const known = this.random.chance(0.5) ? email : `unknown.${this.#requests}@example.test`;
    return this.#call("auth.login", { email: known, password });
  }

  #call(procedure: string, input: unknown, headers: string[] = []): string {
    const body = JSON.stringify(input);
    const ours = [
      `Origin: http://${this.origin.host}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
    ];
    return this.#head("POST", `/api/trpc/${procedure}`, [...ours, ...headers]) + body;
  }

  #head(method: string, path: string, headers: string[] = []): string {
    const id = idOf(this.#requests++);
    const lines = [
      `Host: ${this.origin.host}`,
      `User-Agent: ${this.origin.userAgent}`,
      `X-Request-Id: ${id}`,
      ...headers,
    ];
    return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  }
}

function idOf(number: number): string {
  return `${ATTACK_ID}${String(number).padStart(6, "0")}`;
}
