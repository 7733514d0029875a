import { isIP } from "node:net";
import { decode, ENCODINGS, readParameters, refuse, take } from "./database-url-parameters.mjs";
import { readTls } from "./database-url-tls.mjs";

// Plain JavaScript without packages: `npm start` reads DATABASE_URL before `npm ci` has run.

/**
 * Connection options of one server, as mysql2 takes them.
 * @typedef {object} DatabaseAddress
 * @property {string} [host]
 * @property {number} [port]
 * @property {string} [socketPath]
 * @property {string} user
 * @property {string} password
 * @property {string} database
 * @property {import("./database-url-tls.mjs").Tls} [ssl]
 */

const FORM = "mysql://user:password@host:3306/database";
const SCHEME = /^(mysql2?|mariadb)(\+[a-z0-9]+)?$/;
const KNOWN = "socketPath, ssl, ssl-mode, ssl-ca, ssl-cert and ssl-key";
const MAX_SERVERS = 9;

/**
 * @param {string} url `mysql://user:password@host:port,host:port/database`; TLS and a socket as parameters
 * @returns {[DatabaseAddress, ...DatabaseAddress[]]} the servers in the order of the URL
 */
export function parseDatabaseUrl(url) {
  if (/^\s|\s$|^["']|["']$/.test(url)) refuse("begins or ends with a blank or a quotation mark. Remove it");
  const [, jdbc, scheme = "", rest = ""] = /^(jdbc:)?([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(url) ?? [];
  if (/^(postgres(ql)?|cockroachdb|mongodb|sqlite|file|sqlserver|redis|oracle)\b/i.test(scheme))
    refuse(`must be for MySQL or MariaDB, not for ${scheme.toLowerCase()}. Write ${FORM}`);
  if (!SCHEME.test(scheme.toLowerCase()) || (jdbc && /[+2]/.test(scheme))) refuse(`must look like ${FORM}`);

  const [, authority = "", path = "", query = ""] = /^([^/?]*)([^?]*)\??(.*)$/s.exec(rest) ?? [];
  const isAmbiguous =
    rest.includes("#") || path.includes("@") || query.includes("@") || /[\s\p{Cc}]/u.test(authority + path);
  if (isAmbiguous) refuse(`has a character that must be encoded. ${ENCODINGS}`);

  const at = authority.lastIndexOf("@");
  const credentials = at === -1 ? "" : authority.slice(0, at);
  const colon = credentials.indexOf(":");
  const named = {
    user: decode(colon === -1 ? credentials : credentials.slice(0, colon)),
    password: colon === -1 ? "" : decode(credentials.slice(colon + 1)),
  };
  const parameters = readParameters(query);
  const { user = named.user, password = named.password } = takeCredentials(parameters, credentials !== "");
  const socketPath = take(parameters, ["socketpath", "socket", "unixsocket", "localsocket"]);
  const [first, ...others] = readServers(authority.slice(at + 1), socketPath);
  const ssl = readTls(
    parameters,
    [first, ...others].map(({ host = "" }) => host),
  );
  const [unknown] = parameters.values();
  if (unknown !== undefined) {
    const name = /^[A-Za-z][\w-]{0,40}$/.test(unknown.name) ? ` ${unknown.name}` : "";
    refuse(`has an unknown parameter${name}. Known are ${KNOWN}; remove all others`);
  }
  const common = { ...(ssl === undefined ? {} : { ssl }), user, password, database: readDatabase(path) };
  return [{ ...first, ...common }, ...others.map((server) => ({ ...server, ...common }))];
}

/** @typedef {import("./database-url-parameters.mjs").Parameters} Parameters */

/** JDBC URLs carry user and password as parameters. @param {Parameters} parameters  @param {boolean} areGiven */
function takeCredentials(parameters, areGiven) {
  const user = take(parameters, ["user", "username"]);
  const password = take(parameters, ["password"]);
  if (areGiven && (user !== undefined || password !== undefined))
    refuse(`has user or password twice. Write them once, as in ${FORM}`);
  return { user, password };
}

/** @typedef {Pick<DatabaseAddress, "host" | "port" | "socketPath">} Server */

/** @param {string} text  @param {string | undefined} socketPath  @returns {[Server, ...Server[]]} */
function readServers(text, socketPath) {
  const [first = "", ...others] = text.split(",");
  const socket = socketPath ?? (/^%2f/i.test(text) ? decode(text) : undefined);
  if (socket !== undefined) {
    if (others.length > 0) refuse("names a socket and several servers. Write one of them");
    if (!socket.startsWith("/"))
      refuse("has a socketPath that is not an absolute path. Write socketPath=/path/to/mysqld.sock");
    return [{ socketPath: socket }];
  }
  if (others.length === 0) return [readServer(first)];
  if (others.length >= MAX_SERVERS) refuse(`names more than ${MAX_SERVERS} servers. Remove some`);
  if ([first, ...others].some((server) => /^(:|$)/.test(server)))
    refuse("has a comma without a server beside it. Write mysql://user:password@one:3306,two:3306/database");
  return [readServer(first), ...others.map(readServer)];
}

/** @param {string} text  @returns {Server} */
function readServer(text) {
  const [, bracketed, name, port = "3306"] =
    /^(?:\[([^\]]*)\]|([\w.-]*))(?::(\d+))?$/.exec(text) ??
    refuse(`has an invalid server or port. Write ${FORM}. ${ENCODINGS}`);
  if (bracketed !== undefined && isIP(bracketed) !== 6) refuse("has no IPv6 address between [ and ]");
  if (Number(port) < 1 || Number(port) > 65_535) refuse("has a port that is not between 1 and 65535");
  return { host: bracketed ?? (name || "localhost"), port: Number(port) };
}

/** @param {string} path */
function readDatabase(path) {
  const name = decode(path.replace(/^\/+|\/+$/g, ""));
  if (name === "") refuse(`names no database. Write ${FORM}`);
  if (/[/\\]/.test(name)) refuse(`has more than a database name after the server. Write ${FORM}`);
  return name;
}
