import type { CpuProfile } from "@/evidence/app-probe";

/** Components to which CPU time is attributed, in the order of a request. */
export const COMPONENTS = {
  node: "Node: sockets, HTTP, streams",
  entry: "the HTTP entry",
  log: "logging",
  framework: "Next.js and React",
  procedures: "tRPC and input validation",
  caller: "authentication: cookies, token, client",
  own: "code of the call or page",
  collector: "garbage collection",
} as const;

export type Component = keyof typeof COMPONENTS;

/** The first match applies. Paths are relative to the project root. */
const SOURCES: [RegExp, Component | "ignored" | null][] = [
  [/^(node:|$)/, null],
  [/^evidence\/app-probe-server\.mjs$/, "ignored"],
  [/^node_modules\/(pino|sonic-boom|safe-stable-stringify|quick-format-unescaped)\//, "log"],
  [/^node_modules\/(@trpc|zod)\//, "procedures"],
  [/^node_modules\/(lru-cache|jose|bowser|ipaddr\.js)\//, "caller"],
  [/^server\/(runtime\/log(-writer)?|http\/request-log)\.ts$/, "log"],
  [/^server\/(http\/|main\.ts|runtime\/request-state\.ts)/, "entry"],
  [/^server\/(auth\/|api\/context\.ts)/, "caller"],
  [/^(server|app|db)\//, "own"],
  // Packages, the bundler's runtime, and prebundled code.
  [/./, "framework"],
];

/** Null for code of Node.js, which is attributed to its caller. */
export function componentOf(source: string): Component | "ignored" | null {
  return SOURCES.find(([pattern]) => pattern.test(source))![1];
}

/** CPU time in microseconds by component. Node.js code counts for the nearest caller that has a component. */
export function cpuTimeByComponent(
  profile: CpuProfile,
  sourceOf: (frame: CpuProfile["nodes"][number]["callFrame"]) => string,
): Record<Component, number> {
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const found = new Map<number, Component | "ignored">();
  const find = (id: number): Component | "ignored" => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const { callFrame } = nodes.get(id)!;
    const parent = parents.get(id);
    const component =
      special(callFrame.functionName) ??
      componentOf(sourceOf(callFrame)) ??
      (parent === undefined ? "node" : find(parent));
    found.set(id, component);
    return component;
  };
  const cpuTime = Object.fromEntries(Object.keys(COMPONENTS).map((component) => [component, 0])) as Record<
    Component,
    number
  >;
  profile.samples.forEach((id, index) => {
    const component = find(id);
    if (component !== "ignored") cpuTime[component] += profile.timeDeltas[index] ?? 0;
  });
  return cpuTime;
}

function special(functionName: string): Component | "ignored" | null {
  if (functionName === "(idle)") return "ignored";
  if (functionName === "(garbage collector)") return "collector";
  return functionName === "(program)" ? "node" : null;
}
