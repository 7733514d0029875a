import { Browser, inventLabAccount } from "@/evidence/fault-lab/browser";
import { retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { randomLoopbackAddress, USER_AGENTS } from "@/evidence/fault-lab/network";

/** Registers through the first instance and refreshes through the second, whose node does not have the row yet: no logout. */
export async function registerThenUseOther(lab: Lab, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const browser = new Browser(lab, USER_AGENTS[1], randomLoopbackAddress(lab.random), inventLabAccount());
    const { kind } = await retryUntilAnswered(() => browser.register({ instance: 0 }));
    if (kind !== "fine") throw new Error("The registration failed.");
    browser.jar.dropAccessToken();
    // A response that ends the session is counted as a spurious logout by the browser itself.
    await browser.open("/dashboard", { instance: 1 });
  }
}
