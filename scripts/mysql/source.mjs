/**
 * @typedef {import("./installation.mjs").Installation} Installation
 * @typedef {"mariadb-server-core" | "mysql-server-core"} PackageName
 *
 * @typedef {{ kind: "external", url: string }
 *   | { kind: "private", installation: Installation }
 *   | { kind: "apt", packageName: PackageName }
 *   | { kind: "docker" }
 *   | { kind: "none" }} Source
 *
 * Lookups on this machine; each runs only if the previous ones found nothing.
 * @typedef {object} Machine
 * @property {() => Promise<Installation | null>} findInstallation
 * @property {() => Promise<PackageName | null>} findPackage
 * @property {() => Promise<boolean>} hasDockerEngine
 */

/**
 * Decides which database server to use.
 * @param {string | undefined} databaseUrl  @param {Machine} machine  @returns {Promise<Source>}
 */
export async function chooseSource(databaseUrl, machine) {
  if (databaseUrl) return { kind: "external", url: databaseUrl };
  const installation = await machine.findInstallation();
  if (installation !== null) return { kind: "private", installation };
  const packageName = await machine.findPackage();
  if (packageName !== null) return { kind: "apt", packageName };
  return (await machine.hasDockerEngine()) ? { kind: "docker" } : { kind: "none" };
}

export const NO_MYSQL = `No MySQL server was found, and none could be installed. Do one of the following:

  - Set DATABASE_URL to a running server, for example mysql://user:password@127.0.0.1:3306/portcullis
  - Install MariaDB 10.11+ or MySQL 8.4+ (apt install mariadb-server, brew install mariadb)
  - On Debian or Ubuntu, run this command as root: it then installs the distribution's server
  - Start Docker with the compose plugin`;
