import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { hashBuildInputs } from "@/scripts/build-inputs.mjs";
import { bundle } from "@/scripts/bundle.mjs";
import { runOrThrow } from "@/scripts/command.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";

export const BASELINE = join(DATA, "bench", "baseline");
export const EMPTY_APP = join(DATA, "bench", "empty-app");
export const SLOW_HASH_APP = join(DATA, "bench", "slow-hash");

/** The slow-hash build uses this many times the passes of argon2id, as on a machine that hashes more slowly. */
export const SLOW_HASH_FACTOR = 4;

type OnProgress = (detail: string) => void;

const SOURCES = ["app", "server", "db", "middleware.ts", "instrumentation.ts", "tsconfig.json", "postcss.config.mjs"];

/**
 * Builds the baseline: a copy of the app with one procedure and one page that need no authentication. The product has no flag
 * for it, so it cannot ship.
 */
export async function buildBaseline(onProgress: OnProgress): Promise<void> {
  const inputs = inputsOf("baseline", hashBuildInputs(ROOT, {}));
  await buildFolder(BASELINE, inputs, onProgress, () => {
    copyProduct(BASELINE);
    cpSync(join(ROOT, "evidence", "bench", "baseline"), BASELINE, { recursive: true });
    copyPagesAsPublic();
  });
  await bundle({ main: "server/main.ts" }, join(BASELINE, ".next", "entry"));
}

/** Builds a copy of the app in which only password hashing is slower. */
export async function buildSlowHashApp(onProgress: OnProgress): Promise<void> {
  await buildFolder(SLOW_HASH_APP, inputsOf(null, hashBuildInputs(ROOT, {})), onProgress, () => {
    copyProduct(SLOW_HASH_APP);
    const file = join(SLOW_HASH_APP, "server", "auth", "passwords", "password.ts");
    const text = readFileSync(file, "utf8");
    const slower = text.replace(/(?<=\n  timeCost: )\d+/, (passes) => String(Number(passes) * SLOW_HASH_FACTOR));
    if (slower === text) throw new Error(`timeCost was not found in ${file}`);
    writeFileSync(file, slower);
  });
  await bundle({ main: "server/main.ts" }, join(SLOW_HASH_APP, ".next", "entry"));
}

/** Builds an empty Next.js app. */
export async function buildEmptyApp(onProgress: OnProgress): Promise<void> {
  const inputs = inputsOf("empty-app", readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  await buildFolder(EMPTY_APP, inputs, onProgress, () => {
    cpSync(join(ROOT, "evidence", "bench", "empty-app"), EMPTY_APP, { recursive: true });
    cpSync(join(ROOT, "tsconfig.json"), join(EMPTY_APP, "tsconfig.json"));
    writeFileSync(
      join(EMPTY_APP, "product.config.ts"),
      "export default { poweredByHeader: false, reactStrictMode: true };\n",
    );
  });
}

function copyProduct(folder: string): void {
  for (const source of SOURCES) cpSync(join(ROOT, source), join(folder, source), { recursive: true });
  cpSync(join(ROOT, "next.config.ts"), join(folder, "product.config.ts"));
}

/** Copies the private pages to a public path; only requireCaller is replaced. */
function copyPagesAsPublic(): void {
  const folder = join(BASELINE, "app", "(public)");
  cpSync(join(ROOT, "app", "(member)"), folder, { recursive: true });
  // Names of equal length, so that the pages have the same size.
  renameSync(join(folder, "dashboard"), join(folder, "open-page"));
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.tsx?$/.test(file)) continue;
    const text = readFileSync(join(folder, file), "utf8")
      .replaceAll("@/app/(member)/dashboard", "@/app/(public)/open-page")
      .replaceAll("@/app/(member)", "@/app/(public)")
      .replaceAll("@/server/auth/gate/require-caller", "@/server/api/open-caller");
    writeFileSync(join(folder, file), text);
  }
}

async function buildFolder(
  folder: string,
  inputs: string,
  onProgress: OnProgress,
  copySources: () => void,
): Promise<void> {
  const stamp = join(folder, "inputs");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === inputs) return onProgress("unchanged");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copySources();
  // turbopack.root must include the linked node_modules.
  symlinkSync(relative(folder, join(ROOT, "node_modules")), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  const root = JSON.stringify(ROOT);
  // Source maps attribute the bytes of a page's scripts to modules.
  const config = `{ ...product, turbopack: { root: ${root} }, typescript: { ignoreBuildErrors: true }, productionBrowserSourceMaps: true }`;
  writeFileSync(
    join(folder, "next.config.ts"),
    `import product from "./product.config";\n\nexport default ${config};\n`,
  );
  onProgress("next build");
  await runOrThrow(process.execPath, [join(ROOT, "node_modules", "next", "dist", "bin", "next"), "build"], {
    cwd: folder,
    log: join(DATA, "bench", "logs", "build.log"),
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
  });
  writeFileSync(stamp, inputs);
}

/** A hash of all inputs of a build: the product, and the files of the variant. */
function inputsOf(variant: "baseline" | "empty-app" | null, root: string): string {
  const hash = createHash("sha256").update(root);
  if (variant !== null) {
    const folder = join(ROOT, "evidence", "bench", variant);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path));
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.update(readFileSync(join(ROOT, "evidence", "bench", "build.ts"))).digest("hex");
}
