import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bytesBySource } from "./bytes-by-source";

/** Groups of sources, and why a page needs them. An unlisted source must be justified or removed. */
const GROUPS: { name: string; pattern: RegExp; reason: string }[] = [
  { name: "the framework and React", pattern: /node_modules\/(next|react|react-dom|scheduler|@swc)\/|\[(turbopack|next)\]/, reason: "included in an empty page too, and parts that an empty page does not use: links, error pages, fonts" },
  { name: "`@trpc/client`, `@trpc/server`", pattern: /node_modules\/@trpc\//, reason: "typed calls: URL, JSON input, and errors with a reason" },
  { name: "`@tanstack/react-query`", pattern: /node_modules\/@tanstack\//, reason: "cache, retry and sharing of responses; signed-in pages only" },
  { name: "`zod`", pattern: /node_modules\/zod\//, reason: "validation of inputs before they are sent" },
  { name: "`lucide-react`", pattern: /node_modules\/(lucide-react|shared)\//, reason: "the icons of the page" },
  { name: "`server/auth/policy/`", pattern: /(^|\/)server\/auth\/policy\//, reason: "rules shared by browser and server: safe `next` paths, error messages, retries" },
  { name: "`app/auth/`", pattern: /(^|\/)app\/auth\//, reason: "authentication state across tabs; calls aborted by login or logout; pages hidden from Back" },
  { name: "`app/ui/`", pattern: /(^|\/)app\/ui\//, reason: "form fields, password visibility, submit button, logo" },
  { name: "the page itself", pattern: /(^|\/)app\//, reason: "its form and texts" },
  { name: "the bundler", pattern: /^$/, reason: "module runtime" },
]; // prettier-ignore

const OTHERS = "others";

/** Compressed bytes by group, attributed in proportion to the uncompressed bytes of each script. */
export function bytesByGroup(files: readonly string[]): Map<string, number> {
  const groups = new Map<string, number>();
  for (const file of files) {
    const script = readFileSync(file, "utf8");
    const compressed = gzipSync(script).length;
    const map = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(script)?.[1];
    const sources =
      map === undefined
        ? new Map([["", script.length]])
        : bytesBySource(script, JSON.parse(readFileSync(join(dirname(file), map), "utf8")));
    for (const [source, bytes] of sources) {
      const name = groupOf(decodeURIComponent(source));
      groups.set(name, (groups.get(name) ?? 0) + (compressed * bytes) / script.length);
    }
  }
  return groups;
}

export function groupOf(source: string): string {
  return GROUPS.find(({ pattern }) => pattern.test(source))?.name ?? OTHERS;
}

/** The files of a document's scripts in the build in `folder`. */
export function scriptFiles(folder: string, addresses: readonly string[]): string[] {
  return addresses.map((address) => join(folder, ".next", address.replace(/^\/_next\//, "").replace(/\?.*$/, "")));
}

/** Markdown table of a page's script, minus that of an empty page. */
export function groupTable(page: Map<string, number>, empty: Map<string, number>): string {
  const reasons = new Map(GROUPS.map(({ name, reason }) => [name, reason]));
  const rows = [...page.keys()]
    .map((name) => ({ name, above: page.get(name)! - (empty.get(name) ?? 0) }))
    .sort((one, other) => other.above - one.above)
    .map(({ name, above }) => `| ${name} | ${(above / 1000).toFixed(1)} kB | ${reasons.get(name) ?? "unknown"} |`);
  const sum = (groups: Map<string, number>) => [...groups.values()].reduce((total, bytes) => total + bytes, 0);
  const total = `| **total** | **${((sum(page) - sum(empty)) / 1000).toFixed(1)} kB** | |`;
  return ["| group | compressed | reason |", "| --- | --- | --- |", ...rows, total].join("\n");
}
