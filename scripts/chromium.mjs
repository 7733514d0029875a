import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { canInstall, install } from "./apt.mjs";
import { isExecutable, readOutput, run } from "./command.mjs";
import { UserError } from "./user-error.mjs";
import { DATA } from "./paths.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];
const MACOS_PATHS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const DOWNLOAD_SECONDS = 180;

/** Chromium obeys only the last --disable-features, so those that Playwright disables are repeated. */
const PLAYWRIGHT_DISABLED = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "TcpPortRandomizationWin",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
  "msForceBrowserSignIn",
  "msEdgeUpdateLaunchServicesPreferredVersion",
];
/** Each creates a process for every new context: two for the address bar, one for the next site. They took half its processor time. */
const SUPERFLUOUS_PROCESSES = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess"];

export const CHROMIUM_ARGUMENTS = [
  `--disable-features=${[...PLAYWRIGHT_DISABLED, ...SUPERFLUOUS_PROCESSES].join(",")}`,
];

const NO_CHROMIUM = `No Chromium was found, and none could be installed. Do one of the following:

  - Set PLAYWRIGHT_CHROMIUM to the path of a Chromium or Chrome executable
  - npx playwright install --with-deps chromium
  - Install Chromium or Chrome on the PATH
  - On Debian, run this command as root: it then installs the chromium package`;

/**
 * Paths where a browser may be installed, in order of preference.
 * @param {Record<string, string | undefined>} environment
 * @param {string | undefined} playwrightPath path of the browser that Playwright downloads
 * @returns {string[]}
 */
export function chromiumCandidates(environment, playwrightPath) {
  if (environment.PLAYWRIGHT_CHROMIUM) return [environment.PLAYWRIGHT_CHROMIUM];
  const folders = (environment.PATH ?? "").split(delimiter).filter(Boolean);
  const system = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...(playwrightPath === undefined ? [] : [playwrightPath]), ...system, ...MACOS_PATHS];
}

/** @returns {string | undefined} an executable; provideChromium() also checks that it runs */
export function findChromium() {
  return chromiumCandidates(process.env, findPlaywrightChromium()).find(isExecutable);
}

/**
 * @param {(detail: string) => void} onProgress
 * @returns {Promise<string>} path of a browser that runs
 */
export async function provideChromium(onProgress) {
  const found = await findWorkingChromium();
  if (found !== null) return describe(found, onProgress);
  if (process.env.PLAYWRIGHT_CHROMIUM)
    throw new UserError(`PLAYWRIGHT_CHROMIUM is ${process.env.PLAYWRIGHT_CHROMIUM}, which cannot be run.`);

  onProgress("npx playwright install chromium");
  const log = join(DATA, "logs", "playwright-install.log");
  await run("npx", ["playwright", "install", "chromium"], { log, seconds: DOWNLOAD_SECONDS });
  const downloaded = await findWorkingChromium();
  if (downloaded !== null) return describe(downloaded, onProgress);

  if (canInstall()) {
    onProgress("apt-get install chromium");
    await install(["chromium"]);
    const installed = await findWorkingChromium();
    if (installed !== null) return describe(installed, onProgress);
  }
  throw new UserError(NO_CHROMIUM);
}

/** @param {{ program: string, version: string }} found  @param {(detail: string) => void} onProgress */
function describe({ program, version }, onProgress) {
  onProgress(`${version}, ${program}`);
  return program;
}

/** Runs each candidate: its shared libraries may be missing, or it may be a stub for a snap. */
async function findWorkingChromium() {
  for (const program of chromiumCandidates(process.env, findPlaywrightChromium()).filter(isExecutable)) {
    const said = await readOutput(program, ["--version"], 20);
    if (said !== null) return { program, version: /(?:Chromium|Chrome)[\w ]* [\d.]+/.exec(said)?.[0] ?? said.trim() };
  }
  return null;
}

function findPlaywrightChromium() {
  try {
    return /** @type {string} */ (createRequire(import.meta.url)("@playwright/test").chromium.executablePath());
  } catch {
    return undefined;
  }
}
