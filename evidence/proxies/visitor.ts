import { generateAccount, type NewAccount } from "@/e2e/kit/accounts";
import { readSetCookie } from "@/e2e/kit/cookies";
import { ask, type Answered, type Door, type HeaderLines } from "./ask";

export const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** Somebody with cookies who comes from one address, and may claim in headers to come from another. */
export class Visitor {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly door: Door,
    private readonly origin: string,
    public source: string,
  ) {}

  async page(path: string, claims: HeaderLines = []): Promise<Answered> {
    return this.#ask({ path, headers: [["Sec-Fetch-Dest", "document"], ...claims] });
  }

  async query(name: string, claims: HeaderLines = []): Promise<Answered> {
    return this.#ask({ path: `/api/trpc/${name}`, headers: claims });
  }

  async mutate(name: string, input: unknown, claims: HeaderLines = []): Promise<Answered> {
    const headers: HeaderLines = [["Content-Type", "application/json"], ["Origin", this.origin], ...claims];
    return this.#ask({ method: "POST", path: `/api/trpc/${name}`, headers, body: JSON.stringify(input) });
  }

  async register(claims: HeaderLines = []): Promise<NewAccount> {
    const account = generateAccount();
    const answer = await this.mutate("auth.register", account, claims);
    if (answer.status !== 200) throw new Error(`Registering answered ${answer.status}: ${answer.body}`);
    return account;
  }

  async login(
    { email, password }: Pick<NewAccount, "email" | "password">,
    claims: HeaderLines = [],
  ): Promise<Answered> {
    return this.mutate("auth.login", { email, password }, claims);
  }

  /** Where the list of devices says that this session was seen last. */
  async addressOnDevices(claims: HeaderLines = []): Promise<string> {
    const answer = await this.query("sessions.list", claims);
    if (answer.status !== 200) throw new Error(`The list answered ${answer.status}: ${answer.body}`);
    const devices = JSON.parse(answer.body).result.data as { current: boolean; ip: string }[];
    return devices.find(({ current }) => current)?.ip ?? "none";
  }

  /** What a browser does by itself when the time comes. */
  dropAccessCookie(): void {
    for (const name of this.cookies.keys()) if (name.endsWith("__acc")) this.cookies.delete(name);
  }

  async #ask({ headers = [], ...asked }: Parameters<typeof ask>[2]): Promise<Answered> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const own: HeaderLines = [["User-Agent", USER_AGENT], ...(cookie === "" ? [] : [["Cookie", cookie] as const])];
    const answer = await ask(this.door, this.source, { ...asked, headers: [...own, ...headers] });
    for (const header of answer.headers["set-cookie"] ?? []) {
      const { name, value, maxAge } = readSetCookie(header);
      if (maxAge !== null && maxAge <= 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

/** An address of this machine that nobody has come from within the last minute. */
export function anyAddress(): string {
  const number = () => Math.floor(Math.random() * 250) + 2;
  return `127.${number()}.${number()}.${number()}`;
}
