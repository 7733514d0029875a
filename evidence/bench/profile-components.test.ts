import { expect, test } from "vitest";
import type { CpuProfile } from "@/evidence/app-probe";
import { componentOf, cpuTimeByComponent } from "./profile-components";

test.each([
  ["server/http/entry.ts", "entry"],
  ["server/http/request-log.ts", "log"],
  ["node_modules/pino/lib/tools.js", "log"],
  ["node_modules/next/dist/server/base-server.js", "framework"],
  ["node_modules/@trpc/server/dist/index.mjs", "procedures"],
  ["server/auth/tokens/access-token.ts", "caller"],
  ["server/api/context.ts", "caller"],
  ["server/api/users-router.ts", "own"],
  ["app/api/trpc/[trpc]/route.ts", "own"],
  [".next/server/chunks/runtime.js", "framework"],
  ["webpack://next/./src/server/base-server.ts", "framework"],
  ["evidence/app-probe-server.mjs", "ignored"],
  ["node:internal/crypto/hash", null],
  ["", null],
])("profile: %s belongs to %s", (source, component) => {
  expect(componentOf(source)).toBe(component);
});

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 0, columnNumber: 0 });

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5, 6] },
    { id: 2, callFrame: frame("receive", "server/http/entry.ts"), children: [3] },
    { id: 3, callFrame: frame("verify", "server/auth/tokens/access-token.ts"), children: [4] },
    { id: 4, callFrame: frame("createHash", "node:crypto") },
    { id: 5, callFrame: frame("(idle)") },
    { id: 6, callFrame: frame("onread", "node:internal/stream_base_commons"), children: [7] },
    { id: 7, callFrame: frame("(garbage collector)") },
  ],
  samples: [2, 3, 4, 4, 5, 6, 7],
  timeDeltas: [10, 20, 40, 80, 1000, 160, 320],
};

test("profile: Node.js code counts for its caller, and idle time is ignored", () => {
  const cpuTime = cpuTimeByComponent(PROFILE, ({ url }) => url);
  expect(cpuTime).toMatchObject({ entry: 10, caller: 140, node: 160, collector: 320, framework: 0 });
});
