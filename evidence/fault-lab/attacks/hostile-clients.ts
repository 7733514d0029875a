import { AttackGenerator, type Attack } from "@/evidence/connection-attacks/attack-generator";
import { executeAttack } from "@/evidence/connection-attacks/execute-attack";
import { Browser, inventLabAccount } from "@/evidence/fault-lab/browser";
import type { Instance } from "@/evidence/fault-lab/instance";
import type { Lab } from "@/evidence/fault-lab/lab";
import { USER_AGENTS } from "@/evidence/fault-lab/network";
import { forEachConcurrently } from "@/evidence/pause";
import type { Random } from "@/evidence/random";

const ACCOUNTS = 4;
const CONCURRENCY = 24;
const [USER_AGENT] = USER_AGENTS;
/** The address from which attacks are sent: a session works only from its own network. */
const ADDRESS = "127.0.0.1";

/** Clients that attack the connections of an instance, with accounts of their own. */
export class HostileClients {
  readonly generator: AttackGenerator;
  readonly browsers: readonly Browser[];

  constructor(lab: Lab, random: Random) {
    this.browsers = Array.from({ length: ACCOUNTS }, () => new Browser(lab, USER_AGENT, ADDRESS, inventLabAccount()));
    this.generator = new AttackGenerator(random, {
      host: new URL(lab.stack.origin).host,
      userAgent: USER_AGENT,
      accounts: this.browsers.map((browser) => ({
        email: browser.account.email,
        password: browser.account.password,
        get cookie() {
          return browser.jar.header ?? "";
        },
      })),
    });
  }

  /** Returns the ids of the requests that were answered. */
  async attack(instances: readonly Instance[], attacks: readonly Attack[]): Promise<readonly string[]> {
    const ids: string[] = [];
    await forEachConcurrently(attacks.entries(), CONCURRENCY, async ([at, attack]) => {
      ids.push(...(await executeAttack(instances[at % instances.length]!.port, attack)));
    });
    return ids;
  }
}
