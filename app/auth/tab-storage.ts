/** What a tab may remember for comfort. Storage may be blocked, full or missing: then nothing here throws, and no page needs it. */
const PREFIX = "portcullis-";

/** What `writeTabMemory` was given last in this tab, also before a reload. */
export function readTabMemory(key: string): string | null {
  return withStorage("sessionStorage", (storage) => storage.getItem(PREFIX + key)) ?? readNamed()[key] ?? null;
}

/** Never a secret: where sessionStorage is blocked, the name of the window lasts as long, and other pages may read it. */
export function writeTabMemory(key: string, value: string): void {
  const isKept = withStorage("sessionStorage", (storage) => {
    storage.setItem(PREFIX + key, value);
    return true;
  });
  // A name that is not ours belongs to the page that opened this window.
  if (!isKept && (window.name === "" || window.name.startsWith(PREFIX))) {
    window.name = PREFIX + new URLSearchParams({ ...readNamed(), [key]: value });
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

function readNamed(): Record<string, string> {
  if (!window.name.startsWith(PREFIX)) return {};
  return Object.fromEntries(new URLSearchParams(window.name.slice(PREFIX.length)));
}
