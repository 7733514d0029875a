import { afterEach, describe, expect, test, vi } from "vitest";
import { readTabValue, withStorage, writeTabValue } from "./tab-storage";

/** A browser's window, as far as the memory of a tab needs one. */
function windowWith(sessionStorage: () => unknown, name = ""): { name: string } {
  const fake = Object.defineProperty({ name }, "sessionStorage", { get: sessionStorage });
  vi.stubGlobal("window", fake);
  return fake;
}

function blocked(): never {
  throw new DOMException("The operation is insecure.", "SecurityError");
}

afterEach(() => vi.unstubAllGlobals());

describe.each<[string, () => unknown]>([
  ["throws when it is named", blocked],
  ["is null, as in some web views", () => null],
  ["is missing", () => undefined],
  ["throws when it is used", () => ({ getItem: blocked, setItem: blocked, removeItem: blocked })],
  ["is full", () => ({ getItem: () => null, setItem: blocked })],
])("where sessionStorage %s", (_, sessionStorage) => {
  test("a tab remembers all the same", () => {
    windowWith(sessionStorage);
    expect(readTabValue("left-at")).toBeNull();
    writeTabValue("left-at", "7");
    writeTabValue("returns", '{"count":1,"lastAt":2}');
    expect(readTabValue("left-at")).toBe("7");
    expect(readTabValue("returns")).toBe('{"count":1,"lastAt":2}');
  });

  test("a name that belongs to the page that opened this window stays as it is", () => {
    const tab = windowWith(sessionStorage, "popup");
    writeTabValue("left-at", "7");
    expect(tab.name).toBe("popup");
    expect(readTabValue("left-at")).toBeNull();
  });
});

test("storage that works is used, and the window keeps no name", () => {
  const items = new Map<string, string>();
  const tab = windowWith(() => ({
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
  }));
  writeTabValue("left-at", "7");
  expect(readTabValue("left-at")).toBe("7");
  expect(tab.name).toBe("");
  expect(withStorage("sessionStorage", (storage) => storage.getItem("portcullis-left-at"))).toBe("7");
});
