import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const FILES = readdirSync("app", { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
  .map((path) => join("app", path));

const filesWith = (pattern: RegExp) => FILES.filter((path) => pattern.test(readFileSync(path, "utf8")));

test("no page creates markup or code from text", () => {
  expect(FILES.length).toBeGreaterThan(50);
  expect(
    filesWith(/dangerouslySetInnerHTML|\.(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function/),
  ).toEqual([]);
});

test("no page listens for messages from other windows", () => {
  expect(filesWith(/addEventListener\("message"|\.postMessage\(|onmessage/)).toEqual(["app/auth/tab-channel.ts"]);
  expect(readFileSync("app/auth/tab-channel.ts", "utf8")).toContain("new BroadcastChannel(");
});

test("no field blocks pasting or password managers", () => {
  expect(filesWith(/onPaste|autoComplete="(off|false)"|user-select|readOnly=\{true\}/)).toEqual([]);
  const passwordFields = filesWith(/<(New)?PasswordField/).map((path) => readFileSync(path, "utf8"));
  expect(passwordFields.length).toBeGreaterThan(2);
});

test("every button is disabled until hydration, because a click before it would be lost", () => {
  const withButton = filesWith(/<button\b/);
  expect(withButton.sort()).toEqual(["app/ui/button.tsx", "app/ui/password-field.tsx"]);
  for (const path of withButton) expect(readFileSync(path, "utf8"), path).toMatch(/disabled=\{[^}]*!isHydrated\}/);
});
