import { expect, test } from "vitest";
import { parseDatabaseUrl } from "./connect";

test.each([
  ["mysql://app:p%40ss%2F@db.internal:3307/app", { host: "db.internal", port: 3307, user: "app", password: "p@ss/" }],
  ["mariadb://app@[::1]/app", { host: "::1", port: 3306, user: "app", password: "", database: "app" }],
  ["mysql://root@localhost/app?socketPath=/run/my%20sql/s.sock", { socketPath: "/run/my sql/s.sock", database: "app" }],
  ["mysql://root@db/app?ssl=true", { ssl: {} }],
  ['mysql://root@db/app?ssl={"ca":"x"}', { ssl: { ca: "x" } }],
])("%s is understood", (url, options) => expect(parseDatabaseUrl(url)).toMatchObject(options));

test.each([
  "",
  "localhost/app",
  "postgres://root@localhost/app",
  "mysql://root@localhost/app?multipleStatements=true",
  "mysql://root@localhost/app?flags=LOCAL_FILES",
  "mysql://root@localhost/app?ssl=maybe",
  "mysql://root@localhost/app?ssl=false",
])("%s is refused", (url) => expect(() => parseDatabaseUrl(url)).toThrow());
