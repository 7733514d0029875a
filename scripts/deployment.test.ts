import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { REQUIRED } from "./environment.mjs";
import { ROOT } from "./paths.mjs";

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const compose = read("compose.yaml");
const dockerfile = read("Dockerfile");

/** A block of compose.yaml, by its name and indentation. */
function block(name: string, indent: number, text = compose): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.replace(/ &\w+$/, "") === `${" ".repeat(indent)}${name}:`);
  const length = lines
    .slice(from + 1)
    .findIndex((line) => line.trim() !== "" && !line.startsWith(" ".repeat(indent + 1)));
  return lines.slice(from + 1, length === -1 ? undefined : from + 1 + length).join("\n");
}

const app = block("app", 2);
const passed = new Map(
  [...block("environment", 4, app).matchAll(/^ {6}(\w+): (.*)$/gm)].map(([, name, value]) => [name, value]),
);

describe("compose.yaml", () => {
  test("passes exactly the variables of .env.example to the app", () => {
    const known = Object.keys(parseEnv(read(".env.example"))).filter((name) => !["HOST", "PORT"].includes(name));
    expect([...passed.keys()].sort()).toEqual(known.sort());
  });

  test("contains no secret value and requires the mandatory variables", () => {
    for (const [name, value] of passed) {
      if (/SECRET|PASSWORD$/.test(name ?? "")) expect(value).toMatch(/^\$\{\w+:[?-]\}$/);
    }
    for (const name of REQUIRED.filter((name) => name.endsWith("SECRET")))
      expect(passed.get(name)).toBe(`\${${name}:?}`);
    expect(passed.get("DATABASE_URL")).toContain("${MYSQL_PASSWORD:?}");
    expect(passed.get("APP_ORIGIN")).toMatch(/^https:/);
  });

  test("trusts one proxy and publishes only the proxy's ports", () => {
    expect(passed.get("TRUSTED_PROXY_HOPS")).toBe('"1"');
    expect(app).not.toContain("ports:");
    expect(block("migrate", 2)).not.toContain("ports:");
    expect(block("db", 2)).toContain('ports: ["127.0.0.1:');
    expect(read("Caddyfile")).not.toContain("trusted_proxies");
  });

  test.each(["app", "migrate", "db", "proxy", "mail"])(
    "%s: runs without capabilities on a read-only file system",
    (name) => {
      const service = block(name, 2);
      expect(service).toContain("<<: *hardened");
      expect(service).toMatch(/^ {4}tmpfs: \[.*\/tmp/m);
      expect(service).toMatch(/limits: \{ memory: .*, pids: \d+ \}/);
      expect(service).not.toMatch(/privileged|network_mode|docker\.sock|pid: host/);
      const added = /cap_add: \[(.*)\]/.exec(service)?.[1];
      expect(added).toBe(name === "proxy" ? "NET_BIND_SERVICE" : undefined);
    },
  );

  test("the mail catcher is started by name only, and is reachable from this machine only", () => {
    const mail = block("mail", 2);
    expect(mail).toContain("profiles: [development]");
    expect(mail).toMatch(/^ {4}networks: \[mail\]$/m);
    expect([...mail.matchAll(/"([^"]*:\d+:\d+)"/g)].map(([, port]) => port)).toEqual([
      "127.0.0.1:1025:1025",
      "127.0.0.1:8025:8025",
    ]);
  });

  test("the shared restrictions drop all capabilities and make the file system read-only", () => {
    const hardened = block("x-hardened", 0);
    for (const line of ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'])
      expect(hardened).toContain(line);
  });

  test("the proxy and the database share no network, and the database cannot reach the internet", () => {
    const networksOf = (name: string) => /^ {4}networks: \[(.*)\]$/m.exec(block(name, 2))?.[1]?.split(", ") ?? [];
    expect(networksOf("proxy")).toEqual(["front"]);
    expect(networksOf("app")).toEqual(["front", "back"]);
    expect(networksOf("migrate")).toEqual(["back"]);
    expect(networksOf("db")).toEqual(["back", "loopback"]);
    expect(compose).toMatch(/^ {2}back: \{ internal: true \}$/m);
    expect(block("loopback", 2)).toContain('enable_ip_masquerade: "false"');
  });

  test("starts two instances after the migration and gives them time to shut down", () => {
    expect(app).toContain("replicas: 2");
    expect(app).toContain("migrate: { condition: service_completed_successfully }");
    expect(app).toContain("stop_grace_period: 15s");
    expect(block("migrate", 2)).toContain(".next/entry/migrate.mjs");
  });
});

describe("reverse proxies", () => {
  test.each([
    // Caddy replaces the header unless trusted_proxies is set.
    ["Caddyfile", /^(?!.*trusted_proxies)/s, /keepalive (\d+)s/],
    ["ops/proxies/nginx.conf", /proxy_set_header X-Forwarded-For \$remote_addr;/, /keepalive_timeout (\d+)s/],
    ["ops/proxies/haproxy.cfg", /http-request set-header X-Forwarded-For %\[src\]/, /http-keep-alive (\d+)s/],
    // Trusting one address keeps the header of the outer proxy only.
    ["ops/proxies/inner.Caddyfile", /trusted_proxies [\d.]+\/32$/m, /keepalive (\d+)s/],
  ])(
    "%s replaces a client's X-Forwarded-For and closes idle connections before the app does",
    (name, rule, seconds) => {
      expect(read(name)).toMatch(rule);
      const appSeconds = Number(/keepAliveTimeout: (\d+)_000/.exec(read("server/http/entry.ts"))?.[1]);
      expect(Number(seconds.exec(read(name))?.[1])).toBeLessThan(appSeconds);
    },
  );
});

test("proxy recipes: accept only TLS 1.2 and 1.3, independent of the proxy's default", () => {
  expect(read("ops/proxies/nginx.conf")).toMatch(/^ +ssl_protocols TLSv1\.2 TLSv1\.3;$/m);
  expect(read("ops/proxies/haproxy.cfg")).toMatch(/^ +ssl-default-bind-options ssl-min-ver TLSv1\.2$/m);
});

test("proxy recipes: send no version in the Server header", () => {
  expect(read("Caddyfile")).toMatch(/^\theader \{\n\t\t-Server\n/m);
  const servers = read("ops/proxies/nginx.conf")
    .split(/^server \{/m)
    .slice(1);
  expect(servers).toHaveLength(2);
  for (const server of servers) expect(server).toContain("server_tokens off;");
});

describe("Dockerfile", () => {
  const stages = dockerfile.split(/^FROM /m).slice(1);
  const runtime = stages.at(-1) ?? "";

  test("runs the entry as an unprivileged user with health check and stop signal", () => {
    expect(runtime).toMatch(/^USER node$/m);
    // Listening on loopback would make the app unreachable from outside the container.
    expect(runtime).toMatch(/^ENV .*\bHOST=0\.0\.0\.0\b/m);
    expect(runtime).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(runtime).toContain("/api/health/live");
    expect(runtime).toMatch(/^CMD \["node", .*"\.next\/entry\/main\.mjs"\]$/m);
  });

  test("installs only production packages", () => {
    expect(runtime).toContain("COPY --from=packages /app/node_modules");
    expect(stages.find((stage) => stage.startsWith("base AS packages"))).toContain("npm ci --omit=dev");
  });

  test("copies the build and the file that points to it", () => {
    expect(runtime).toContain("COPY --from=build /app/.data/builds ./.data/builds");
    expect(runtime).toContain("COPY --from=build /app/.next/entry ./.next/entry");
  });

  test("contains no secret, neither as a variable nor as a copied file", () => {
    expect(dockerfile).not.toMatch(/^(ARG|ENV).*(SECRET|PASSWORD|DATABASE_URL)/m);
    expect(read(".dockerignore").split("\n")).toEqual(
      expect.arrayContaining([".env*", ".data", ".git", "node_modules"]),
    );
  });

  test("uses the newest LTS release of Node", () => {
    expect(dockerfile.match(/^FROM node:(\d+)/m)?.[1]).toBe("24");
  });
});
