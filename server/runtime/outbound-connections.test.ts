import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SHIPPED = ["server", "db", "app"]
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)))
  .concat("middleware.ts", "instrumentation.ts")
  .filter((path) => /\.tsx?$/.test(path) && !/(\.test|[/-]testing[\w-]*)\.tsx?$/.test(path));

const filesWith = (pattern: RegExp, root = "") =>
  SHIPPED.filter((path) => path.startsWith(root) && pattern.test(readFileSync(path, "utf8")));

test("outbound connections: the server connects only to its database and its mail server", () => {
  const asking =
    /(?<!parsedMails\.)\bfetch\(|WebSocket\(|EventSource\(|\b(request|connect)\b[^}]*\} from "node:(http|net|tls)"|from "node:(https|dgram|http2)"/;
  expect(filesWith(asking, "server/")).toEqual([]);
  expect(filesWith(asking, "middleware")).toEqual([]);
  expect(filesWith(/\bcreatePool\(|\bcreateConnection\(/)).toEqual(["db/connect.ts"]);
  expect(filesWith(/from "nodemailer(\/|")/)).toEqual([
    "server/mail/file-transport.ts",
    "server/mail/mime-message.ts",
    "server/mail/smtp-transport.ts",
  ]);
  expect(filesWith(/^\s+host[,:]/m, "server/mail/")).toEqual(["server/mail/smtp-transport.ts"]);
});

test("outbound connections: the browser sends requests only to its own origin", () => {
  for (const path of filesWith(/\bfetch\(/, "app/")) {
    expect(readFileSync(path, "utf8"), path).not.toMatch(/fetch\(\s*["'`](https?:)?\/\//);
  }
  expect(filesWith(/XMLHttpRequest|EventSource\(|WebSocket\(|sendBeacon/, "app/")).toEqual([]);
});
