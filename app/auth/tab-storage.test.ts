import { afterEach, describe, expect, test, vi } from "vitest";
import { readTabValue, withStorage, writeTabValue } from "./tab-storage";

/** Stubs the parts of window that tab storage uses. */
function stubWindow(sessionStorage: () => unknown, name = ""): { name: string } {
  const fake = Object.defineProperty({ name }, "sessionStorage", { get: sessionStorage });
  vi.stubGlobal("window", fake);
  return fake;
}

function blocked(): never {
  throw new DOMException("The operation is insecure.", "SecurityError");
}

afterEach(() => vi.unstubAllGlobals());

describe.each<[string, () => unknown]>([
  ["throws when it is read", blocked],
  ["is null, as in some web views", () => null],
  ["is missing", () => undefined],
  ["throws when it is used", () => ({ getItem: blocked, setItem: blocked, removeItem: blocked })],
  ["is full", () => ({ getItem: () => null, setItem: blocked })],
])("tab storage where sessionStorage %s", (_, sessionStorage) => {
  test("keeps values in window.name", () => {
    stubWindow(sessionStorage);
    expect(readTabValue("left-at")).toBeNull();
    writeTabValue("left-at", "7");
    writeTabValue("returns", '{"count":1,"lastAt":2}');
    expect(readTabValue("left-at")).toBe("7");
    expect(readTabValue("returns")).toBe('{"count":1,"lastAt":2}');
  });

  test("leaves a window name of another page unchanged", () => {
    const tab = stubWindow(sessionStorage, "popup");
    writeTabValue("left-at", "7");
    expect(tab.name).toBe("popup");
    expect(readTabValue("left-at")).toBeNull();
  });
});

test("tab storage: uses sessionStorage if it works, and leaves window.name empty", () => {
  const items = new Map<string, string>();
  const tab = stubWindow(() => ({
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
  }));
  writeTabValue("left-at", "7");
  expect(readTabValue("left-at")).toBe("7");
  expect(tab.name).toBe("");
  expect(withStorage("sessionStorage", (storage) => storage.getItem("portcullis-left-at"))).toBe("7");
});
