import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));
const alias = [
  { find: /^@\//, replacement: root },
  { find: "server-only", replacement: `${root}node_modules/server-only/empty.js` },
];

export default defineConfig({
  resolve: { alias },
  test: {
    // Left to itself the runner keeps one core of two for itself, and tests that wait leave the other idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{app,server,db,scripts,e2e,lab,proofs,docs,doctor,bench,fuzz}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.db.test.ts", "**/*.start.test.ts", "**/node_modules/**"],
        },
      },
      { extends: true, test: { name: "start", include: ["scripts/**/*.start.test.ts"] } },
      {
        extends: true,
        test: { name: "db", include: ["{server,db,doctor}/**/*.db.test.ts"], testTimeout: 30_000, hookTimeout: 60_000 },
      },
    ],
  },
});
