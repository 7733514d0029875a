/**
 * @typedef {import("./installation.mjs").Installation} Installation
 * @typedef {"mariadb-server-core" | "mysql-server-core"} PackageName
 *
 * @typedef {{ kind: "given", url: string }
 *   | { kind: "private", installation: Installation }
 *   | { kind: "apt", packageName: PackageName }
 *   | { kind: "docker" }
 *   | { kind: "none" }} Source
 *
 * What can be found out about a machine; each question is asked only when the ones before it found nothing.
 * @typedef {object} Machine
 * @property {() => Promise<Installation | null>} findInstallation
 * @property {() => Promise<PackageName | null>} findPackage
 * @property {() => Promise<boolean>} hasDockerEngine
 */

/**
 * Decides where the database comes from.
 * @param {string | undefined} databaseUrl  @param {Machine} machine  @returns {Promise<Source>}
 */
export async function chooseSource(databaseUrl, machine) {
  if (databaseUrl) return { kind: "given", url: databaseUrl };
  const installation = await machine.findInstallation();
  if (installation !== null) return { kind: "private", installation };
  const packageName = await machine.findPackage();
  if (packageName !== null) return { kind: "apt", packageName };
  return (await machine.hasDockerEngine()) ? { kind: "docker" } : { kind: "none" };
}

export const NO_MYSQL = `No MySQL was found, and none could be provided. Any one of these is enough:

  - Set DATABASE_URL to a server that runs already, as in mysql://user:password@127.0.0.1:3306/portcullis
  - Install MariaDB 10.11+ or MySQL 8.4+ (apt install mariadb-server, brew install mariadb): it is found by itself
  - On Debian or Ubuntu, run this as root: the distribution's server is installed for you
  - Start Docker, with its compose plugin: a container is used`;
