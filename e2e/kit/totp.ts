import { setTimeout } from "node:timers/promises";
import { Secret, TOTP } from "otpauth";
import type { Account } from "./accounts";
import type { Calls } from "./calls";

const STEP_MS = 30_000;

/** An authenticator app with one account. */
export class AuthenticatorApp {
  #lastStep = 0;
  readonly #totp: TOTP;

  /** `secret`: in base 32, blanks allowed. */
  constructor(secret: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(" ", "")) });
  }

  /** A code that was not used before. The server accepts the next step, too; beyond that this waits for the step. */
  async code(): Promise<string> {
    const step = Math.max(currentStep(), this.#lastStep + 1);
    while (step > currentStep() + 1) await setTimeout(100);
    this.#lastStep = step;
    return this.#codeOf(step);
  }

  /** Six digits that are no code of any step near the present. */
  wrongCode(): string {
    const near = new Set(Array.from({ length: 41 }, (_, index) => this.#codeOf(currentStep() + index - 20)));
    for (let candidate = 0; ; candidate++) {
      const code = String(candidate).padStart(6, "0");
      if (!near.has(code)) return code;
    }
  }

  #codeOf(step: number): string {
    return this.#totp.generate({ timestamp: step * STEP_MS });
  }
}

export interface EnrolledApp {
  app: AuthenticatorApp;
  recoveryCodes: string[];
}

/** `calls` is signed out afterwards. */
export async function enrolApp(calls: Calls, account: Account): Promise<EnrolledApp> {
  await calls.signIn(account);
  const app = new AuthenticatorApp((await calls.mutate("totp.begin")).data.secret);
  const { recoveryCodes } = (await calls.mutate("totp.confirm", { code: await app.code() })).data;
  if (recoveryCodes === null) throw new Error(`${account.email} had a second factor already`);
  await calls.mutate("auth.logout");
  return { app, recoveryCodes };
}

/** Both steps of a login, by the procedures. */
export async function signInWithCode(calls: Calls, account: Account, { app }: EnrolledApp): Promise<void> {
  await calls.signIn(account);
  const response = await calls.mutate("auth.secondFactor", { method: "totp", code: await app.code() });
  if (response.error) throw new Error(`The second step of ${account.email} failed: ${response.text}`);
}

function currentStep(): number {
  return Math.floor(Date.now() / STEP_MS);
}
