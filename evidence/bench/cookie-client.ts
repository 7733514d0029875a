import { CookieJar } from "@/evidence/cookie-jar";
import { ORIGIN, USER_AGENT } from "./requests";

/** An HTTP client with a cookie jar and browser headers. Does not follow redirects. */
export class CookieClient {
  readonly jar = new CookieJar();

  constructor(private port: number) {}

  /** Keeps the cookies and sends further requests to another instance. */
  switchPort(port: number): this {
    this.port = port;
    return this;
  }

  open(path: string): Promise<Response> {
    return this.#send(path, { headers: { "sec-fetch-dest": "document", "sec-fetch-runningApp": "same-origin" } });
  }

  query(procedure: string): Promise<Response> {
    return this.#send(`/api/trpc/${procedure}`, {});
  }

  mutate(procedure: string, input?: unknown): Promise<Response> {
    return this.#send(`/api/trpc/${procedure}`, {
      method: "POST",
      headers: { origin: ORIGIN, "content-type": "application/json" },
      body: input === undefined ? undefined : JSON.stringify(input),
    });
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const { header } = this.jar;
    const headers = { "user-agent": USER_AGENT, ...init.headers, ...(header === undefined ? {} : { cookie: header }) };
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) this.jar.store(cookie);
    await response.arrayBuffer();
    return response;
  }
}
