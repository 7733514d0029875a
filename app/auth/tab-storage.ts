/** What a tab may remember for comfort. Storage may be blocked, full or missing: then nothing here throws, and no page needs it. */
const PREFIX = "portcullis-";

/** What `writeTabMemory` was given last in this tab, also before a reload. */
export function readTabValue(key: string): string | null {
  return withStorage("sessionStorage", (storage) => storage.getItem(PREFIX + key)) ?? readWindowName()[key] ?? null;
}

/** Never a secret: where sessionStorage is blocked, the name of the window lasts as long, and other pages may read it. */
export function writeTabValue(key: string, value: string): void {
  const isStored = withStorage("sessionStorage", (storage) => {
    storage.setItem(PREFIX + key, value);
    return true;
  });
  // A name that is not ours belongs to the page that opened this window.
  if (!isStored && (window.name === "" || window.name.startsWith(PREFIX))) {
    window.name = PREFIX + new URLSearchParams({ ...readWindowName(), [key]: value });
  }
}

/** Undefined if the browser does not let this page use the storage: even to name it may throw. */
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
