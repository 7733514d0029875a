import { findCandidate, canInstall, install } from "../apt.mjs";
import { ask } from "../command.mjs";
import { UserError } from "../user-error.mjs";
import { startComposeServer } from "./compose-server.mjs";
import { checkGiven } from "./given.mjs";
import { findInstallation, isSupported, parseVersion } from "./installation.mjs";
import { startPrivateServer } from "./private-server.mjs";
import { shareServer } from "./sharing.mjs";
import { NO_MYSQL, chooseSource } from "./source.mjs";

/** The server alone, without the package that makes a system service of it, and what it needs to set itself up. */
const PACKAGES = {
  "mariadb-server-core": ["mariadb-server-core", "mariadb-client-core"],
  "mysql-server-core": ["mysql-server-core"],
};

/** @typedef {(detail: string) => void} Say */

/**
 * The database to work with: the given one, or a server of our own that is shared with whoever else runs in this folder.
 * @param {{ databaseUrl: string | undefined, directory: string, say: Say }} options
 * @returns {Promise<{ url: string, version: string, isOurs: boolean, release: () => Promise<void> }>}
 */
export async function provideDatabase({ databaseUrl, directory, say }) {
  const source = await chooseSource(databaseUrl, machine(say));
  if (source.kind === "given") return { ...(await checkGiven(source.url)), isOurs: false, release: async () => {} };
  const { server, release } = await shareServer({
    directory,
    provide: () => startFrom(source, { directory, say }),
    onWait: (pid) => say(`waiting for process ${pid}, which is at it`),
  });
  return { url: server.url, version: server.version, isOurs: true, release };
}

/**
 * A server with its data in `directory`, from whatever this machine has or can get.
 * @param {{ directory: string, say?: Say, fresh?: boolean }} options `fresh` forgets earlier data, unless it is running
 * @returns {Promise<import("./private-server.mjs").Server>}
 */
export async function provideServer({ directory, say = () => {}, fresh }) {
  return startFrom(await chooseSource(undefined, machine(say)), { directory, say, fresh });
}

/**
 * @param {import("./source.mjs").Source} source
 * @param {{ directory: string, say: Say, fresh?: boolean }} options
 */
async function startFrom(source, { directory, say, fresh }) {
  switch (source.kind) {
    case "private":
      say(`starting ${source.installation.program}`);
      return startPrivateServer({ directory, installation: source.installation, fresh });
    case "apt": {
      say(`installing ${source.packageName} with apt-get`);
      await install(PACKAGES[source.packageName]);
      const installation = await findInstallation();
      if (installation === null)
        throw new UserError(`${source.packageName} was installed, but holds no server that fits.\n\n${NO_MYSQL}`);
      const server = await startPrivateServer({ directory, installation, fresh });
      return Object.assign(server, { version: `${server.version}, just installed with apt-get` });
    }
    case "docker":
      say("docker compose up -d --wait db");
      return startComposeServer({ directory });
    default:
      throw new UserError(NO_MYSQL);
  }
}

/** @param {Say} say  @returns {import("./source.mjs").Machine} */
function machine(say) {
  return { findInstallation, findPackage: () => findPackage(say), hasDockerEngine };
}

/** @param {Say} say */
async function findPackage(say) {
  if (!canInstall()) return null;
  say("no server on this machine: asking apt for one");
  try {
    for (const name of /** @type {(keyof typeof PACKAGES)[]} */ (Object.keys(PACKAGES))) {
      const version = parseVersion((await findCandidate(name))?.replace(/^\d+:/, "") ?? "");
      const flavour = name.startsWith("mariadb") ? "mariadb" : "mysql";
      if (version !== null && isSupported({ ...version, flavour })) return name;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say("apt-get update failed");
  }
  return null;
}

async function hasDockerEngine() {
  return (await ask("docker", ["info"])) !== null && (await ask("docker", ["compose", "version"])) !== null;
}
