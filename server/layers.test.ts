import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const FILES = ["app", "server", "db"]
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)))
  .concat("middleware.ts", "instrumentation.ts")
  .filter((path) => /\.tsx?$/.test(path));
const SHIPPED = FILES.filter((path) => !/(\.test|[/-]testing[\w-]*)\.tsx?$/.test(path));
const text = new Map(FILES.map((path) => [path, readFileSync(path, "utf8")]));

const POLICY = /^server\/auth\/policy\//;
const PACKAGE = /^(?!(app|server|db)\/|node:)/;
const isClient = (path: string) => /^app\/(auth|ui)\//.test(path) || /^\s*"use client"/.test(text.get(path)!);

/** Who may import whom: what matches no `may`, or some `never`, is a stranger. An `import type` reads "type …" here. */
const TABLE = [
  { from: POLICY, may: [POLICY, /^zod$/], never: [] },
  { from: /^db\//, may: [/^db\//, /^(kysely|mysql2|tr46)$/, /^node:/], never: [] },
  { from: /^server\//, may: [/./], never: [/^(type )?app\//, /^(react|react-dom|@trpc\/client|kysely|mysql2)(\/|$)/] },
  { from: /^app\//, may: [/^(app|server)\//, PACKAGE], never: [/^(kysely|mysql2|@node-rs\/.*)$/] },
  { from: isClient, may: [/^app\//, POLICY, /^type server\/router$/, PACKAGE], never: [] },
  {
    from: /^middleware\.ts$/,
    may: [
      POLICY,
      /^next\/server$/,
      /^server\/(env|database|entry-headers)$/,
      /^server\/auth\/(cookies|caller|client|refresh)$/,
    ],
    never: [],
  },
];

function importsOf(path: string): string[] {
  const statements = /(?:^|\s)(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|import\("([^"]+)"\)/g;
  return [...text.get(path)!.matchAll(statements)].map(([, type, from, dynamic]) => {
    const name = (from ?? dynamic)!;
    const whole = name.startsWith("./") ? join(dirname(path), name) : name.replace(/^@\//, "");
    return type ? `type ${whole}` : whole;
  });
}

test("nobody imports strangers", () => {
  const strangers = SHIPPED.flatMap((path) => {
    const rows = TABLE.filter(({ from }) => (from instanceof RegExp ? from.test(path) : from(path)));
    return importsOf(path)
      .filter((name) => !rows.every(({ may, never }) => isAllowed(name, may) && !never.some((one) => one.test(name))))
      .map((name) => `${path} imports ${name}`);
  });
  expect(strangers).toEqual([]);
});

/** The type of what may be imported may be, too. */
function isAllowed(name: string, may: RegExp[]): boolean {
  return may.some((one) => one.test(name) || one.test(name.replace(/^type /, "")));
}

test("the middleware reaches no hashing, no procedure and no React, by whatever way", () => {
  const reached = new Set<string>();
  const walk = (path: string) => {
    for (const name of importsOf(path)) {
      if (name.startsWith("type ") || reached.has(name)) continue;
      reached.add(name);
      for (const file of [`${name}.ts`, `${name}.tsx`, `${name}/index.ts`]) if (text.has(file)) walk(file);
    }
  };
  walk("middleware.ts");
  expect(reached).toContain("server/auth/rotation");
  expect([...reached].filter((name) => /argon2|^server\/router|trpc|^react|^app\/|navigation/.test(name))).toEqual([]);
});

test("files name each other from the root or from their own folder", () => {
  expect(FILES.filter((path) => /(from|import) "\.\.|import\("\.\./.test(text.get(path)!))).toEqual([]);
});

test("only one module reads the environment", () => {
  const readers = SHIPPED.filter((path) => text.get(path)!.includes("process.env"));
  // Next asks for its runtime before anything of ours may run.
  expect(readers.sort()).toEqual(["instrumentation.ts", "server/env.ts"]);
});

test("statements are built in db and nowhere else", () => {
  const builds = /\bsql`|\.(selectFrom|insertInto|replaceInto|updateTable|deleteFrom)\(/;
  expect(SHIPPED.filter((path) => !path.startsWith("db/") && builds.test(text.get(path)!))).toEqual([]);
});
