import { generateAccount, type NewAccount } from "@/e2e/kit/accounts";
import { AppClient } from "@/evidence/app-client";
import type { HeaderLines, HttpResponse } from "@/evidence/http-client";

/** A user's client, which may send forged address headers. */
export class Client extends AppClient {
  async register(headers: HeaderLines = []): Promise<NewAccount> {
    const account = generateAccount();
    const response = await this.mutate("auth.register", account, headers);
    if (response.status !== 200) throw new Error(`Registration returned ${response.status}: ${response.body}`);
    return account;
  }

  login({ email, password }: Pick<NewAccount, "email" | "password">, headers: HeaderLines = []): Promise<HttpResponse> {
    return this.mutate("auth.login", { email, password }, headers);
  }

  /** The address of this session in the list of sessions. */
  async addressInSessionList(headers: HeaderLines = []): Promise<string> {
    const response = await this.query("sessions.list", headers);
    if (response.status !== 200) throw new Error(`sessions.list returned ${response.status}: ${response.body}`);
    const devices = JSON.parse(response.body).result.data as { current: boolean; ip: string }[];
    return devices.find(({ current }) => current)?.ip ?? "none";
  }
}

/** A random loopback address, unlikely to be in a rate limit window. */
export function randomLoopbackAddress(): string {
  const number = () => Math.floor(Math.random() * 250) + 2;
  return `127.${number()}.${number()}.${number()}`;
}
