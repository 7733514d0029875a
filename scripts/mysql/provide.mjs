import { findCandidateVersion, canInstall, install } from "../apt.mjs";
import { readOutput } from "../command.mjs";
import { UserError } from "../user-error.mjs";
import { startComposeServer } from "./compose-server.mjs";
import { checkExternalServer } from "./external-server.mjs";
import { findInstallation, isSupported, parseVersion } from "./installation.mjs";
import { startPrivateServer } from "./private-server.mjs";
import { shareServer } from "./sharing.mjs";
import { NO_MYSQL, chooseSource } from "./source.mjs";

/** The server without its system service, and the programs that initialise it. */
const PACKAGES = {
  "mariadb-server-core": ["mariadb-server-core", "mariadb-client-core"],
  "mysql-server-core": ["mysql-server-core"],
};

/** @typedef {(detail: string) => void} OnProgress */

/**
 * The database from DATABASE_URL, or a private server that all processes of this folder share.
 * @param {{ databaseUrl: string | undefined, directory: string, onProgress: OnProgress }} options
 * @returns {Promise<{ url: string, version: string, isOurs: boolean, release: () => Promise<void> }>}
 */
export async function provideDatabase({ databaseUrl, directory, onProgress }) {
  const source = await chooseSource(databaseUrl, describeMachine(onProgress));
  if (source.kind === "external")
    return { ...(await checkExternalServer(source.url)), isOurs: false, release: async () => {} };
  const { server, release } = await shareServer({
    directory,
    provide: () => startFrom(source, { directory, onProgress }),
    onWait: (pid) => onProgress(`waiting for process ${pid}, which is starting it`),
  });
  return { url: server.url, version: server.version, isOurs: true, release };
}

/**
 * Starts a server with its data in `directory`, from an installation, an apt package or Docker.
 * @param {{ directory: string, onProgress?: OnProgress, fresh?: boolean }} options `fresh` deletes existing data, unless the server is running
 * @returns {Promise<import("./private-server.mjs").Server>}
 */
export async function provideServer({ directory, onProgress = () => {}, fresh }) {
  return startFrom(await chooseSource(undefined, describeMachine(onProgress)), { directory, onProgress, fresh });
}

/**
 * @param {import("./source.mjs").Source} source
 * @param {{ directory: string, onProgress: OnProgress, fresh?: boolean }} options
 */
async function startFrom(source, { directory, onProgress, fresh }) {
  switch (source.kind) {
    case "private":
      onProgress(`starting ${source.installation.program}`);
      return startPrivateServer({ directory, installation: source.installation, fresh });
    case "apt": {
      onProgress(`installing ${source.packageName} with apt-get`);
      await install(PACKAGES[source.packageName]);
      const installation = await findInstallation();
      if (installation === null)
        throw new UserError(`${source.packageName} was installed but contains no supported server.\n\n${NO_MYSQL}`);
      const server = await startPrivateServer({ directory, installation, fresh });
      return Object.assign(server, { version: `${server.version}, just installed with apt-get` });
    }
    case "docker":
      onProgress("docker compose up -d --wait db");
      return startComposeServer({ directory });
    default:
      throw new UserError(NO_MYSQL);
  }
}

/**
 * MariaDB, also on a machine whose server is MySQL.
 * @param {OnProgress} onProgress
 * @returns {Promise<import("./installation.mjs").Installation>}
 */
export async function installMariadb(onProgress) {
  const found = await findInstallation();
  if (found?.flavour === "mariadb") return found;
  if (!canInstall()) throw new UserError("No MariaDB was found. Install it, or run this as root on Debian or Ubuntu.");
  onProgress("apt-get install mariadb-server-core");
  await install(PACKAGES["mariadb-server-core"]);
  const installed = await findInstallation();
  if (installed?.flavour !== "mariadb") throw new UserError("mariadb-server-core was installed but is not supported.");
  return installed;
}

/** @param {OnProgress} onProgress  @returns {import("./source.mjs").Machine} */
function describeMachine(onProgress) {
  return { findInstallation, findPackage: () => findPackage(onProgress), hasDockerEngine };
}

/** @param {OnProgress} onProgress */
async function findPackage(onProgress) {
  if (!canInstall()) return null;
  onProgress("no server installed: looking for an apt package");
  try {
    for (const name of /** @type {(keyof typeof PACKAGES)[]} */ (Object.keys(PACKAGES))) {
      const version = parseVersion((await findCandidateVersion(name))?.replace(/^\d+:/, "") ?? "");
      const flavour = name.startsWith("mariadb") ? "mariadb" : "mysql";
      if (version !== null && isSupported({ ...version, flavour })) return name;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onProgress("apt-get update failed");
  }
  return null;
}

async function hasDockerEngine() {
  return (
    (await readOutput("docker", ["info"])) !== null && (await readOutput("docker", ["compose", "version"])) !== null
  );
}
