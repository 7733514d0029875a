import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDatabaseUrl } from "./database-url.mjs";

test.each([
  ["mysql://app:p%40ss%2F@db.internal:3307/app", { host: "db.internal", port: 3307, user: "app", password: "p@ss/" }],
  ["mariadb://app@[::1]/app", { host: "::1", port: 3306, user: "app", password: "", database: "app" }],
  ["mysql://root@localhost/app?socketPath=/run/my%20sql/s.sock", { socketPath: "/run/my sql/s.sock", database: "app" }],
  ["mysql://root@%2Frun%2Fmysqld.sock/app", { socketPath: "/run/mysqld.sock", database: "app" }],
  ["mysql://root@db/app?ssl=true", { ssl: {} }],
  ['mysql://root@db/app?ssl={"ca":"x"}', { ssl: { ca: "x" } }],
  ["mysql://root@db/app/", { host: "db", database: "app" }],
  ["mysql://root@db/app/?", { host: "db", database: "app" }],
  ["MYSQL://root@DB.internal/app", { host: "DB.internal", database: "app" }],
  ["mysql2://root@db/app", { host: "db", database: "app" }],
  ["mysql+pymysql://root@db/app", { host: "db", database: "app" }],
  ["mariadb+mariadbconnector://root@db/app", { host: "db", database: "app" }],
  ["jdbc:mysql://db:3307/app?user=root&password=a%26b", { host: "db", port: 3307, user: "root", password: "a&b" }],
  ["jdbc:mariadb://root:pw@db/app", { host: "db", user: "root", password: "pw" }],
  ["mysql://app:a@b:c@db/app", { host: "db", user: "app", password: "a@b:c" }],
  ["mysql:///app", { host: "localhost", port: 3306, user: "", database: "app" }],
])("parseDatabaseUrl: accepts %s", (url, options) => expect(parseDatabaseUrl(url)).toMatchObject([options]));

test.each([
  ["mysql://app:pw@one,two/app", ["one:3306", "two:3306"]],
  ["mysql://app:pw@one:3307,two:3308,three/app?ssl=true", ["one:3307", "two:3308", "three:3306"]],
  ["jdbc:mysql://one,[::1]:3307/app?user=app&password=pw", ["one:3306", "::1:3307"]],
  ["mysql://app:p,w@10.0.0.1,10.0.0.2/app", ["10.0.0.1:3306", "10.0.0.2:3306"]],
])("parseDatabaseUrl: %s names its servers in order, all with the same user, database and TLS", (url, servers) => {
  const found = parseDatabaseUrl(url);
  expect(found.map(({ host, port }) => `${host}:${port}`)).toEqual(servers);
  const common = found.map(({ host, port, ...rest }) => rest);
  expect(new Set(common.map((rest) => JSON.stringify(rest))).size).toBe(1);
  expect(common[0]).toMatchObject({ user: "app", database: "app" });
});

const ENCRYPTED = { rejectUnauthorized: false };
const VERIFIED_CA = { rejectUnauthorized: true };
const VERIFIED_IDENTITY = { rejectUnauthorized: true, verifyIdentity: true };

describe("parseDatabaseUrl: TLS parameters", () => {
  test.each<[string, object | undefined]>([
    ["ssl=true", VERIFIED_CA],
    ["ssl=1", VERIFIED_CA],
    ["ssl=require", ENCRYPTED],
    ["ssl=REQUIRED", ENCRYPTED],
    ["ssl=verify-full", VERIFIED_IDENTITY],
    ['ssl={"rejectUnauthorized":true}', VERIFIED_CA],
    ["ssl=%7B%22rejectUnauthorized%22%3Afalse%7D", ENCRYPTED],
    ["ssl-mode=REQUIRED", ENCRYPTED],
    ["ssl-mode=VERIFY_CA", VERIFIED_CA],
    ["ssl-mode=VERIFY_IDENTITY", VERIFIED_IDENTITY],
    ["ssl-mode=DISABLED", undefined],
    ["ssl_mode=required", ENCRYPTED],
    ["sslmode=require", ENCRYPTED],
    ["sslmode=verify-ca", VERIFIED_CA],
    ["sslmode=verify-full", VERIFIED_IDENTITY],
    ["sslmode=disable", undefined],
    ["sslMode=VERIFY_IDENTITY", VERIFIED_IDENTITY],
    ["sslMode=trust", ENCRYPTED],
    ["sslaccept=strict", VERIFIED_IDENTITY],
    ["sslaccept=accept_invalid_certs", ENCRYPTED],
    ["useSSL=true", ENCRYPTED],
    ["useSSL=true&requireSSL=true&verifyServerCertificate=true", VERIFIED_CA],
    ["useSSL=true&trustServerCertificate=true", ENCRYPTED],
    ["useSSL=false", undefined],
    ["tls=true", VERIFIED_IDENTITY],
    ["tls=skip-verify", ENCRYPTED],
    ["tls=false", undefined],
    ["ssl=true&sslmode=verify-ca", VERIFIED_CA],
  ])("%s", (parameters, ssl) => expect(parseDatabaseUrl(`mysql://root@db/app?${parameters}`)[0].ssl).toEqual(ssl));

  test("certificate files are read, and a given CA is verified even with ssl-mode=REQUIRED", () => {
    const file = join(mkdtempSync(join(tmpdir(), "portcullis-")), "ca file.pem");
    writeFileSync(file, "a CA certificate");
    const [{ ssl }] = parseDatabaseUrl(`mysql://root@db/app?ssl-mode=REQUIRED&ssl-ca=${encodeURIComponent(file)}`);
    expect(ssl).toEqual({ rejectUnauthorized: true, ca: "a CA certificate" });
    expect(parseDatabaseUrl(`mysql://root@db/app?ssl-cert=${file}&ssl-key=${file}`)[0].ssl).toEqual({
      rejectUnauthorized: true,
      cert: "a CA certificate",
      key: "a CA certificate",
    });
    expect(() => parseDatabaseUrl("mysql://root@db/app?ssl-ca=/nowhere/ca.pem")).toThrow("ENOENT");
  });

  test.each([
    "ssl=maybe",
    "ssl=false",
    "ssl=",
    "ssl={}}",
    "ssl=[]",
    'ssl={"rejectUnauthorized":"false"}',
    'ssl={"checkServerIdentity":true}',
    'ssl={"minVersion":"TLSv1"}',
    "ssl-mode=PREFERRED",
    "sslmode=prefer",
    "sslmode=allow",
    "ssl-mode=strict",
    "sslaccept=maybe",
    "useSSL=maybe",
    "tls=preferred",
    "tls=custom",
    "ssl-mode=DISABLED&sslaccept=strict",
    "ssl-mode=DISABLED&ssl-ca=/etc/hosts",
    'ssl={"rejectUnauthorized":true}&ssl-mode=REQUIRED',
    "ssl-cert=/etc/hosts",
    "sslcert=/etc/hosts",
  ])("%s are rejected with an error that says what to write", (parameters) =>
    expect(() => parseDatabaseUrl(`mysql://root@db/app?${parameters}`)).toThrow(/^DATABASE_URL .*\b[Ww]rite|must have/),
  );

  test("verification of the identity is rejected for an IP address, which the driver would compare with localhost", () => {
    expect(() => parseDatabaseUrl("mysql://root@10.0.0.7/app?ssl-mode=VERIFY_IDENTITY")).toThrow("VERIFY_CA");
    expect(() => parseDatabaseUrl("mysql://root@[::1]/app?sslaccept=strict")).toThrow("VERIFY_CA");
    expect(() => parseDatabaseUrl("mysql://root@db,10.0.0.7/app?sslaccept=strict")).toThrow("VERIFY_CA");
  });
});

test.each([
  "",
  "s3cret",
  "localhost/app",
  "mysql:root:s3cret@localhost/app",
  "mysql:/root:s3cret@localhost/app",
  "postgres://root:s3cret@localhost/app",
  "postgresql://root:s3cret@localhost/app",
  "jdbc:postgresql://localhost/app?password=s3cret",
  "jdbc:mysql2://localhost/app?password=s3cret",
  "mysqlx://root:s3cret@localhost/app",
  "file:///s3cret",
  " mysql://root:s3cret@localhost/app",
  "mysql://root:s3cret@localhost/app\n",
  '"mysql://root:s3cret@localhost/app"',
  "mysql://root:s3cret@localhost",
  "mysql://root:s3cret@localhost/",
  "mysql://root:s3cret@localhost//?ssl=true",
  "mysql://root:s3cret@localhost/app/more",
  "mysql://root:s3cret@localhost:http/app",
  "mysql://root:s3cret@localhost:0/app",
  "mysql://root:s3cret@localhost:65536/app",
  "mysql://root:s3cret@[db]/app",
  "mysql://root:s3cret@one,/app",
  "mysql://root:s3cret@,two/app",
  "mysql://root:s3cret@one,,two/app",
  "mysql://root:s3cret@one,:3307/app",
  "mysql://root:s3cret@one:3306,two:http/app",
  "mysql://root:s3cret@one,two/app?socketPath=/run/mysqld.sock",
  "mysql://root:s3cret@%2Frun%2Fmysqld.sock,two/app",
  "mysql://root:s3cret@a,b,c,d,e,f,g,h,i,j/app",
  "jdbc:mysql://address=(host=one)(port=3306)/app?password=s3cret",
  "mysql://root:a#s3cret@localhost/app",
  "mysql://root:a/s3cret@localhost/app",
  "mysql://root:a@b/s3cret@localhost/app",
  "mysql://root:a?s3cret@localhost/app",
  "mysql://root:a@b?s3cret@localhost/app",
  "mysql://root:a@b?x=1&s3cret@localhost/app",
  "mysql://root:%s3cret@localhost/app",
  "mysql://root:s3 cret@localhost/app",
  "mysql://root:s3cret@localhost/app#main",
  "mysql://root:s3cret@localhost/app?user=other",
  "mysql://root:s3cret@localhost/app?password=other",
  "mysql://root:s3cret@localhost/app?socketPath=mysqld.sock",
  "mysql://root:s3cret@localhost/app?multipleStatements=true",
  "mysql://root:s3cret@localhost/app?flags=LOCAL_FILES",
  "mysql://root:s3cret@localhost/app?charset=latin1",
  "mysql://root:s3cret@localhost/app?ssl=true&ssl=true",
  "mysql://root:s3cret@localhost/app?ssl=%s3cret",
  "mysql://root:s3cret@localhost/app?s3cret=%28",
])("parseDatabaseUrl: rejects %j in one line that says what to write and does not contain the password", (url) => {
  const outcome = (() => {
    try {
      return JSON.stringify(parseDatabaseUrl(url));
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(outcome).toMatch(/^DATABASE_URL .+/);
  expect(outcome).toMatch(/\b([Ww]rite|[Rr]emove|[Nn]ame|must look like|no IPv6|between 1 and 65535)\b/);
  expect(outcome).not.toContain("\n");
  if (!url.includes("?s3cret=")) expect(outcome).not.toMatch(/s3 ?cret/);
});
