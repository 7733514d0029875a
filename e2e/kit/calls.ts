import { setTimeout } from "node:timers/promises";
import type { APIRequestContext, APIResponse } from "@playwright/test";
import type { inferRouterOutputs } from "@trpc/server";
import type { Reason } from "@/server/auth/policy/refusals";
import type { AppRouter } from "@/server/api/router";
import { readSetCookie, type SetCookie } from "./cookies";

type Outputs = inferRouterOutputs<AppRouter>;

/** The name of a procedure, like "auth.login". */
export type Procedure = {
  [Router in keyof Outputs & string]: `${Router}.${keyof Outputs[Router] & string}`;
}[keyof Outputs & string];

export type OutputOf<Name extends Procedure> = Name extends `${infer Router}.${infer Leaf}`
  ? Router extends keyof Outputs
    ? Leaf extends keyof Outputs[Router]
      ? // A login of an account without a second factor, unless a test has added one.
        Exclude<Outputs[Router][Leaf], { status: "second-factor" }>
      : never
    : never
  : never;

export interface CallError {
  code: string;
  httpStatus: number;
  reason?: Reason;
  requestId?: string;
  fields?: Record<string, string>;
  retryAfterSeconds?: number;
  methods?: string[];
}

/** The HTTP response to one call. */
export interface CallResponse<Data> {
  status: number;
  headers: Record<string, string>;
  setCookies: SetCookie[];
  /** The result of the procedure. Throws, with the whole response in the message, if the call failed. */
  readonly data: Data;
  /** The error, if the call failed. */
  error: (CallError & { message: string }) | null;
  text: string;
}

type Headers = Record<string, string>;

/** A typed client of the procedures with its own cookie jar. It sends the headers that a page of the app sends. */
export class Calls {
  constructor(
    readonly request: APIRequestContext,
    /** The origin of the app. */
    readonly origin: string,
  ) {}

  async query<Name extends Procedure>(
    name: Name,
    input?: unknown,
    headers?: Headers,
  ): Promise<CallResponse<OutputOf<Name>>> {
    const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
    return readCallResponse(
      await this.request.get(`${this.origin}/api/trpc/${name}${query}`, { headers, maxRedirects: 0 }),
    );
  }

  async mutate<Name extends Procedure>(
    name: Name,
    input?: unknown,
    headers?: Headers,
  ): Promise<CallResponse<OutputOf<Name>>> {
    const response = await this.request.post(`${this.origin}/api/trpc/${name}`, {
      headers: { "content-type": "application/json", origin: this.origin, ...headers },
      // Bytes, because Playwright would encode a string as JSON.
      data: Buffer.from(input === undefined ? "" : JSON.stringify(input)),
      maxRedirects: 0,
    });
    return readCallResponse(response);
  }

  /**
   * For the preparation of a test: while the server is busy or limits the rate, repeats the call after the time in Retry-After; at once
   * if the response was cut off, which is how a server ends one that takes too long.
   */
  async mutateWhenAccepted<Name extends Procedure>(name: Name, input?: unknown): Promise<CallResponse<OutputOf<Name>>> {
    for (;;) {
      const response = await this.mutate(name, input).catch((error: unknown) => {
        if (/ECONNRESET/.test(String(error))) return null;
        throw error;
      });
      if (response === null) continue;
      const seconds = response.headers["retry-after"];
      if (seconds === undefined) return response;
      await setTimeout(Number(seconds) * 1000);
    }
  }

  /** Signs this client in, as the preparation of a test. */
  async signIn({ email, password }: { email: string; password: string }, remember?: boolean) {
    const response = await this.mutateWhenAccepted("auth.login", { email, password, remember });
    if (response.error) throw new Error(`Signing in as ${email} failed: ${response.text}`);
    return response;
  }
}

export async function readCallResponse<Data>(response: APIResponse): Promise<CallResponse<Data>> {
  const text = await response.text();
  const body = parseJson(text) as { result?: { data: Data }; error?: { message: string; data: CallError } } | null;
  return {
    status: response.status(),
    headers: response.headers(),
    setCookies: response
      .headersArray()
      .filter(({ name }) => name.toLowerCase() === "set-cookie")
      .map(({ value }) => readSetCookie(value)),
    get data() {
      if (body?.result === undefined) throw new Error(`${response.url()} answered ${response.status()}: ${text}`);
      return body.result.data;
    },
    error: body?.error ? { ...body.error.data, message: body.error.message } : null,
    text,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
