/** Optional values of a tab. Nothing here throws if storage is blocked, full or missing, and no page depends on it. */
const PREFIX = "portcullis-";

/** The last value written in this tab, also before a reload. */
export function readTabValue(key: string): string | null {
  return withStorage("sessionStorage", (storage) => storage.getItem(PREFIX + key)) ?? readWindowName()[key] ?? null;
}

/** Never a secret: if sessionStorage is blocked, the value goes into window.name, which other sites can read. */
export function writeTabValue(key: string, value: string): void {
  const isStored = withStorage("sessionStorage", (storage) => {
    storage.setItem(PREFIX + key, value);
    return true;
  });
  // Any other name was set by the page that opened this window.
  if (!isStored && (window.name === "" || window.name.startsWith(PREFIX))) {
    window.name = PREFIX + new URLSearchParams({ ...readWindowName(), [key]: value });
  }
}

/** Returns undefined if storage is unavailable. Reading `window.sessionStorage` itself may throw. */
export function withStorage<Result>(
  kind: "sessionStorage" | "localStorage",
  use: (storage: Storage) => Result,
): Result | undefined {
  try {
    return use(window[kind]);
  } catch {
    return undefined;
  }
}

function readWindowName(): Record<string, string> {
  if (!window.name.startsWith(PREFIX)) return {};
  return Object.fromEntries(new URLSearchParams(window.name.slice(PREFIX.length)));
}
