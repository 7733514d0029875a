import { CookieJar } from "./cookie-jar";
import { fetchResponse, type Endpoint, type HeaderLines, type HttpRequest, type HttpResponse } from "./http-client";

export const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/** Requests pages and procedures of the app with the headers of a browser, and keeps its cookies. Follows no redirect. */
export class AppClient {
  readonly jar = new CookieJar();

  constructor(
    private readonly endpoint: Endpoint,
    private readonly origin: string,
    /** The client's address. */
    public source: string = "127.0.0.1",
    private readonly options: Pick<HttpRequest, "agent" | "timeoutMilliseconds"> = {},
  ) {}

  page(path: string, headers: HeaderLines = []): Promise<HttpResponse> {
    return this.#send({ path, headers: [["Sec-Fetch-Dest", "document"], ...headers] });
  }

  query(procedure: string, headers: HeaderLines = []): Promise<HttpResponse> {
    return this.#send({ path: `/api/trpc/${procedure}`, headers });
  }

  mutate(procedure: string, input?: unknown, headers: HeaderLines = []): Promise<HttpResponse> {
    return this.#send({
      method: "POST",
      path: `/api/trpc/${procedure}`,
      headers: [["Content-Type", "application/json"], ["Origin", this.origin], ...headers],
      body: input === undefined ? "" : JSON.stringify(input),
    });
  }

  async #send({ headers, ...request }: Omit<HttpRequest, "port"> & { headers: HeaderLines }): Promise<HttpResponse> {
    const { endpoint, source: localAddress, options } = this;
    const cookies = this.jar.header;
    const own: HeaderLines = [
      ["User-Agent", USER_AGENT],
      ...(cookies === undefined ? [] : [["Cookie", cookies] as const]),
    ];
    const response = await fetchResponse({
      ...endpoint,
      ...options,
      ...request,
      localAddress,
      headers: [...own, ...headers],
    });
    for (const cookie of response.setCookies) this.jar.store(cookie);
    return response;
  }
}
