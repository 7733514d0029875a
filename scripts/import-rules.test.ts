import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";

const FILES = ["app", "server", "db", "e2e", "ops", "scripts", "docs"]
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)))
  .concat("middleware.ts", "instrumentation.ts", "next.config.ts", "playwright.config.ts", "vitest.config.ts")
  .filter((path) => /\.(tsx?|mjs)$/.test(path));
const text = new Map(FILES.map((path) => [path, readFileSync(path, "utf8")]));
const imports = new Map(FILES.map((path) => [path, importsOf(path)]));

const isTest = (path: string) => /(\.test|[/-]testing[\w-]*)\.tsx?$/.test(path);
const isShipped = (path: string) => /^(app|server|db)\/|^(middleware|instrumentation)\.ts$/.test(path) && !isTest(path);
const isClient = (path: string) => /^app\/(auth|ui)\//.test(path) || /^\s*"use client"/.test(text.get(path)!);

interface Import {
  /** The specifier in the source. */
  name: string;
  /** The resolved file, or the package name. */
  target: string;
  /** A type import, erased at run time. */
  isType: boolean;
}

const POLICY = /^server\/auth\/policy\//;
const NODE = /^node:/;
const PACKAGE = /^(?!(app|server|db|e2e|ops|scripts|evidence)\/|node:)/;
const FEATURES = [
  "inputs",
  "client",
  "tokens",
  "rate-limits",
  "sessions",
  "passwords",
  "recovery-codes",
  "passkeys",
  "second-factor",
  "gate",
  "email",
  "login",
  "account",
];

/** Each feature of server/auth may import itself, those before it, policy, runtime, mail and db. */
const LAYERS = FEATURES.map((feature, at) => ({
  from: new RegExp(`^server/auth/${feature}/`),
  may: [
    new RegExp(`^server/auth/(${["policy", ...FEATURES.slice(0, at + 1)].join("|")})/`),
    /^(server\/(runtime|mail)|db)\//,
    PACKAGE,
    NODE,
  ],
  never: [/^(react|react-dom|@trpc\/.*)(\/|$)/],
}));

/** An import must match `may` and not `never`; an `import type` may match `typesOf` instead. */
const RULES: { from: RegExp | ((path: string) => boolean); may: RegExp[]; never: RegExp[]; typesOf?: RegExp }[] = [
  { from: POLICY, may: [POLICY, /^zod$/], never: [] },
  ...LAYERS,
  { from: /^db\//, may: [/^db\//, /^(kysely|mysql2|p-timeout|tr46)(\/|$)/, NODE], never: [] },
  {
    from: /^server\//,
    may: [/./],
    never: [/^app\//, /^(react|react-dom|@trpc\/client|kysely|mysql2)(\/|$)/],
    typesOf: /^kysely$/,
  },
  // The entry rejects calls in tRPC's error format before tRPC runs: one module may know that format.
  { from: /^server\/(?!api\/|runtime\/error-envelope)/, may: [/./], never: [/^@trpc\//, /^server\/api\//] },
  {
    from: /^server\/mail\//,
    may: [/^server\/(mail|runtime|auth\/policy)\//, /^db\//, PACKAGE, NODE],
    never: [/^(react|react-dom)(\/|$)/],
  },
  {
    from: /^server\/http\//,
    may: [/^server\/(http|runtime|auth\/(policy|client))\//, PACKAGE, NODE],
    never: [/^server\/runtime\/database/],
  },
  { from: /^server\/runtime\//, may: [/^server\/(runtime|auth\/policy)\//, /^db\//, PACKAGE, NODE], never: [] },
  { from: /^app\//, may: [/^(app|server)\//, PACKAGE], never: [/^(kysely|mysql2|@node-rs\/.*)$/] },
  { from: isClient, may: [/^app\//, POLICY, PACKAGE], never: [], typesOf: /^server\/api\/router\.ts$/ },
  {
    from: /^middleware\.ts$/,
    may: [/^server\/(runtime|auth\/(policy|gate|tokens|sessions|client))\//, /^next\/server$/],
    never: [],
  },
];

function importsOf(path: string): Import[] {
  const source = text.get(path)!;
  const { module, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const statically = module.staticImports.map(({ moduleRequest, entries }) => ({
    name: moduleRequest.value,
    isType: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  const again = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest ? [{ name: moduleRequest.value, isType }] : [])),
  );
  const dynamically = module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    const name = /^["'`](.+)["'`]$/.exec(source.slice(start, end))?.[1];
    return name === undefined ? [] : [{ name, isType: false }];
  });
  return [...statically, ...again, ...dynamically].map((one) => ({ ...one, target: targetOf(path, one.name) }));
}

function targetOf(path: string, name: string): string {
  if (!/^(\.|@\/)/.test(name)) return name;
  const base = name.startsWith("@/") ? name.slice(2) : join(dirname(path), name);
  return ["", ".ts", ".tsx", ".mjs", "/index.ts"].map((ending) => base + ending).find((file) => text.has(file)) ?? base;
}

test("import rules: no module imports what its folder may not import", () => {
  const violations = FILES.filter(isShipped).flatMap((path) => {
    const rules = RULES.filter(({ from }) => (from instanceof RegExp ? from.test(path) : from(path)));
    const isAllowed = ({ target, isType }: Import) =>
      rules.every(
        ({ may, never, typesOf }) =>
          (isType && typesOf?.test(target)) ||
          (may.some((one) => one.test(target)) && !never.some((one) => one.test(target))),
      );
    return imports.get(path)!.flatMap((one) => (isAllowed(one) ? [] : [`${path} imports ${one.target}`]));
  });
  expect(violations).toEqual([]);
});

test("import rules: access, refresh and bearer tokens are made from a session's row by issue-tokens.ts alone", () => {
  const makers = FILES.filter(isShipped).filter((path) => /\bmint(Access|Refresh|Bearer)Token\b/.test(text.get(path)!));
  expect(makers.sort()).toEqual([
    "server/auth/sessions/issue-tokens.ts",
    "server/auth/tokens/access-token.ts",
    "server/auth/tokens/bearer-token.ts",
    "server/auth/tokens/refresh-token.ts",
  ]);
});

test("import rules: no module imports evidence", () => {
  const importers = FILES.filter((path) => imports.get(path)!.some(({ target }) => target.startsWith("evidence/")));
  expect(importers).toEqual([]);
});

test("import rules: folders of server and db do not depend on each other in a cycle", () => {
  const folders = new Map<string, Set<string>>();
  for (const path of FILES.filter(isShipped)) {
    const from = dirname(path);
    const targets = imports.get(path)!.filter(({ target }) => text.has(target) && dirname(target) !== from);
    folders.set(from, new Set([...(folders.get(from) ?? []), ...targets.map(({ target }) => dirname(target))]));
  }
  const reachedFrom = (start: string) => {
    const reached = new Set<string>();
    const visit = (folder: string) => {
      for (const next of folders.get(folder) ?? []) if (!reached.has(next)) visit((reached.add(next), next));
    };
    visit(start);
    return reached;
  };
  const cyclic = [...folders.keys()].filter((folder) => /^(server|db)/.test(folder) && reachedFrom(folder).has(folder));
  expect(cyclic).toEqual([]);
});

test("import rules: the middleware imports no hashing, procedure or React, directly or indirectly", () => {
  const reached = new Set<string>();
  const visit = (path: string) => {
    for (const { target, isType } of imports.get(path) ?? []) {
      if (!isType && !reached.has(target)) visit((reached.add(target), target));
    }
  };
  visit("middleware.ts");
  expect(reached).toContain("server/auth/sessions/rotation.ts");
  expect([...reached].filter((name) => /argon2|^server\/api\/|trpc|^react|^app\/|navigation/.test(name))).toEqual([]);
});

test("import rules: no import path begins with ../", () => {
  const hasParentImport = (path: string) =>
    /\.tsx?$/.test(path) && imports.get(path)!.some(({ name }) => name.startsWith("../"));
  expect(FILES.filter(hasParentImport)).toEqual([]);
});

test("import rules: only one module of the app reads process.env", () => {
  const readers = FILES.filter((path) => isShipped(path) && text.get(path)!.includes("process.env"));
  // Next.js requires this check of the runtime before other imports.
  expect(readers.sort()).toEqual(["instrumentation.ts", "server/runtime/env.ts"]);
});

test("import rules: SQL is built only in db", () => {
  const builds = /\bsql`|\.(selectFrom|insertInto|replaceInto|updateTable|deleteFrom)\(/;
  const builders = FILES.filter((path) => isShipped(path) && !path.startsWith("db/") && builds.test(text.get(path)!));
  expect(builders).toEqual([]);
});
