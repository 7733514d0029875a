import { generateAccount, type NewAccount } from "@/e2e/kit/accounts";
import { readSetCookie } from "@/e2e/kit/cookies";
import { sendRequest, type HttpResponse, type Endpoint, type HeaderLines, type RequestOptions } from "./send-request";

export const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** An HTTP client with cookies and a source address, which may send forged address headers. */
export class Client {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly endpoint: Endpoint,
    private readonly origin: string,
    public source: string,
  ) {}

  async page(path: string, headers: HeaderLines = []): Promise<HttpResponse> {
    return this.#send({ path, headers: [["Sec-Fetch-Dest", "document"], ...headers] });
  }

  async query(name: string, headers: HeaderLines = []): Promise<HttpResponse> {
    return this.#send({ path: `/api/trpc/${name}`, headers });
  }

  async mutate(name: string, input: unknown, extra: HeaderLines = []): Promise<HttpResponse> {
    const headers: HeaderLines = [["Content-Type", "application/json"], ["Origin", this.origin], ...extra];
    return this.#send({ method: "POST", path: `/api/trpc/${name}`, headers, body: JSON.stringify(input) });
  }

  async register(headers: HeaderLines = []): Promise<NewAccount> {
    const account = generateAccount();
    const response = await this.mutate("auth.register", account, headers);
    if (response.status !== 200) throw new Error(`Registration returned ${response.status}: ${response.body}`);
    return account;
  }

  async login(
    { email, password }: Pick<NewAccount, "email" | "password">,
    headers: HeaderLines = [],
  ): Promise<HttpResponse> {
    return this.mutate("auth.login", { email, password }, headers);
  }

  /** The address of this session in the list of sessions. */
  async addressInSessionList(headers: HeaderLines = []): Promise<string> {
    const response = await this.query("sessions.list", headers);
    if (response.status !== 200) throw new Error(`sessions.list returned ${response.status}: ${response.body}`);
    const devices = JSON.parse(response.body).result.data as { current: boolean; ip: string }[];
    return devices.find(({ current }) => current)?.ip ?? "none";
  }

  /** Simulates the expiry of the access cookie. */
  dropAccessCookie(): void {
    for (const name of this.cookies.keys()) if (name.endsWith("__acc")) this.cookies.delete(name);
  }

  async #send({ headers = [], ...options }: RequestOptions): Promise<HttpResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const own: HeaderLines = [["User-Agent", USER_AGENT], ...(cookie === "" ? [] : [["Cookie", cookie] as const])];
    const response = await sendRequest(this.endpoint, this.source, { ...options, headers: [...own, ...headers] });
    for (const header of response.headers["set-cookie"] ?? []) {
      const { name, value, maxAge } = readSetCookie(header);
      if (maxAge !== null && maxAge <= 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}

/** A random loopback address, unlikely to be in a rate limit window. */
export function randomLoopbackAddress(): string {
  const number = () => Math.floor(Math.random() * 250) + 2;
  return `127.${number()}.${number()}.${number()}`;
}
