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
    // More than cores, because many tests wait.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{app,server,db,scripts,e2e,docs,ops}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.db.test.ts", "**/*.start.test.ts", "**/node_modules/**"],
          // Property tests take as long as the machine makes them: only a hang may end one.
          testTimeout: 120_000,
        },
      },
      { extends: true, test: { name: "start", include: ["scripts/**/*.start.test.ts"] } },
      {
        extends: true,
        test: { name: "db", include: ["{server,db,ops}/**/*.db.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: "models",
          include: ["evidence/**/*.test.ts"],
          exclude: ["**/*.db.test.ts", "**/node_modules/**"],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "histories",
          include: ["evidence/**/*.db.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
