import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bytesBySource } from "./bytes-by-source";

/** Why a page carries it. What is not named here is looked for in vain, and has to be justified or go. */
const GROUPS: { name: string; pattern: RegExp; reason: string }[] = [
  { name: "the framework and React", pattern: /node_modules\/(next|react|react-dom|scheduler|@swc)\/|\[(turbopack|next)\]/, reason: "what an empty page carries too, and what of it an empty page does not use: links, error pages, fonts" },
  { name: "`@trpc/client`, `@trpc/server`", pattern: /node_modules\/@trpc\//, reason: "a typed call: its address, its input as JSON, and an error that says its reason" },
  { name: "`@tanstack/react-query`", pattern: /node_modules\/@tanstack\//, reason: "answers that are kept, repeated and shared by the parts of a page; signed-in pages only" },
  { name: "`zod`", pattern: /node_modules\/zod\//, reason: "inputs that are judged before they are sent" },
  { name: "`lucide-react`", pattern: /node_modules\/(lucide-react|shared)\//, reason: "the icons that the page draws, and no others" },
  { name: "`server/auth/policy/`", pattern: /(^|\/)server\/auth\/policy\//, reason: "what browser and gate decide alike: safe `next` paths, refusals in words, when to repeat or leave" },
  { name: "`app/auth/`", pattern: /(^|\/)app\/auth\//, reason: "who is signed in, in every tab; calls that a login or logout aborts; pages that Back must not show" },
  { name: "`app/ui/`", pattern: /(^|\/)app\/ui\//, reason: "fields with their messages, focus and validity, the password's eye, the button that waits, the gate" },
  { name: "the page itself", pattern: /(^|\/)app\//, reason: "its own form and words" },
  { name: "the bundler", pattern: /^$/, reason: "what holds the modules together" },
]; // prettier-ignore

const OTHERS = "others";

/** Packed bytes of some scripts by group: of each script in the proportion of what it holds unpacked. */
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

/** The scripts of a document as files of the build in `folder`. */
export function scriptFiles(folder: string, addresses: readonly string[]): string[] {
  return addresses.map((address) => join(folder, ".next", address.replace(/^\/_next\//, "").replace(/\?.*$/, "")));
}

/** What a page's script is made of, above that of an empty page, for a page of documentation. */
export function groupTable(page: Map<string, number>, empty: Map<string, number>): string {
  const reasons = new Map(GROUPS.map(({ name, reason }) => [name, reason]));
  const rows = [...page.keys()]
    .map((name) => ({ name, above: page.get(name)! - (empty.get(name) ?? 0) }))
    .sort((one, other) => other.above - one.above)
    .map(({ name, above }) => `| ${name} | ${(above / 1000).toFixed(1)} kB | ${reasons.get(name) ?? "nobody knows"} |`);
  const sum = (groups: Map<string, number>) => [...groups.values()].reduce((total, bytes) => total + bytes, 0);
  const total = `| **in all** | **${((sum(page) - sum(empty)) / 1000).toFixed(1)} kB** | |`;
  return ["| what | compressed | reason |", "| --- | --- | --- |", ...rows, total].join("\n");
}
