import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "@/scripts/paths.mjs";

interface Frame {
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** Maps a bundled frame to its source, using the source map of the bundle. */
export class OriginalSources {
  readonly #maps = new Map<string, SourceMap | null>();

  /** Path of the source from the project root; the frame's URL if unknown. */
  of({ url, lineNumber, columnNumber }: Frame): string {
    if (!url.startsWith("file:")) return url;
    const bundle = fileURLToPath(url);
    const entry = bundle.includes("/node_modules/")
      ? undefined
      : this.#mapOf(bundle)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !("originalSource" in entry)) return fromRoot(bundle);
    const source = decodeURIComponent(String(entry.originalSource));
    return /^\w+:/.test(source) ? source : fromRoot(resolve(dirname(bundle), source));
  }

  #mapOf(path: string): SourceMap | null {
    const known = this.#maps.get(path);
    if (known !== undefined) return known;
    const file = `${path}.map`;
    const map = existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, "utf8"))) : null;
    this.#maps.set(path, map);
    return map;
  }
}

/** The builds of the bench are copies of files of the project root. */
function fromRoot(path: string): string {
  return relative(ROOT, path).replace(/^\.data\/bench\/(baseline|empty-app)\//, "");
}
