import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMilliseconds } from "@/server/auth/testing";
import { truncateUserAgent, describeDevice, isSameBrowser } from "./device";

const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";
const CHROME_ON_WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`;
const SAFARI_ON_IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";

describe("the device of a user agent", () => {
  test.each([
    [CHROME_ON_WINDOWS, "Chrome", "Windows", "desktop"],
    [`${CHROME_ON_WINDOWS} Edg/131.0.2903.86`, "Microsoft Edge", "Windows", "desktop"],
    [SAFARI_ON_IPHONE, "Safari", "iOS", "mobile"],
    [SAFARI_ON_IPHONE.replaceAll("iPhone", "iPad"), "Safari", "iOS", "tablet"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox", "Linux", "desktop"],
    [`Mozilla/5.0 (Linux; Android 14) ${WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36`, "Chrome", "Android", "mobile"],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/131.0.0.0`, "Chrome", "Chrome OS", "desktop"],
    [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/131.0.0.0 Safari/537.36`, "Chrome", "Linux", "desktop"],
    ["curl/8.5.0", "curl", "Unknown system", "unknown"],
    ["node", "node", "Unknown system", "unknown"],
    ["Mozilla/5.0", "Unknown browser", "Unknown system", "unknown"],
    ["日本", "Unknown browser", "Unknown system", "unknown"],
    ["", "Unknown browser", "Unknown system", "unknown"],
    [null, "Unknown browser", "Unknown system", "unknown"],
    [undefined, "Unknown browser", "Unknown system", "unknown"],
  ])("%s", (userAgent, browser, os, type) => {
    expect(describeDevice(userAgent)).toEqual({ browser, os, type });
  });

  test("fits its columns for any user agent", () => {
    const userAgents = fc.oneof(
      fc.string({ unit: "binary", maxLength: 2000 }),
      fc.constantFrom(
        "\ud800/1.0 (x)",
        "x".repeat(600),
        `${"n".repeat(200)}/1.0 (x)`,
        "\ud800".repeat(600),
        "😀".repeat(600),
      ),
    );
    fc.assert(
      fc.property(userAgents, (userAgent) => {
        const kept = truncateUserAgent(userAgent);
        const device = describeDevice(userAgent);
        expect([...kept].length).toBeLessThanOrEqual(512);
        for (const name of [device.browser, device.os]) expect([...name].length).toBeLessThanOrEqual(64);
        for (const text of [kept, device.browser, device.os]) expect(text.isWellFormed()).toBe(true);
      }),
    );
  });

  test("a header of 100 kB takes no longer than a truncated one", async () => {
    const milliseconds = await cpuMilliseconds(async () => {
      for (const hostile of ["/", "Version/", "Android ", "a/1 ", "(", " "]) describeDevice(hostile.repeat(100_000));
    });
    expect(milliseconds).toBeLessThan(200);
  });
});

const MOBILE = `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36`;
const MOBILE_ASKING_FOR_THE_DESKTOP_SITE = `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`;
const IPAD_ASKING_FOR_THE_DESKTOP_SITE =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15";

describe("the same browser", () => {
  const same = (one: string, other: string) => isSameBrowser(describeDevice(one), describeDevice(other));

  test("differs by system and by name", () => {
    expect(same(CHROME_ON_WINDOWS, CHROME_ON_WINDOWS.replace("Windows NT 10.0; Win64", "X11; Linux x86_64"))).toBe(
      false,
    );
    expect(same(CHROME_ON_WINDOWS, `${CHROME_ON_WINDOWS} Edg/131.0.2903.86`)).toBe(false);
    expect(same(CHROME_ON_WINDOWS, SAFARI_ON_IPHONE)).toBe(false);
    expect(same("curl/8.5.0", "node")).toBe(false);
    expect(same(CHROME_ON_WINDOWS, "")).toBe(false);
  });

  test("stays the same in a tab that requests the desktop site", () => {
    expect(same(MOBILE, MOBILE_ASKING_FOR_THE_DESKTOP_SITE)).toBe(true);
    expect(same(SAFARI_ON_IPHONE.replaceAll("iPhone", "iPad"), IPAD_ASKING_FOR_THE_DESKTOP_SITE)).toBe(true);
    expect(same(MOBILE, SAFARI_ON_IPHONE)).toBe(false);
    expect(same(MOBILE, CHROME_ON_WINDOWS)).toBe(false);
    expect(same(MOBILE_ASKING_FOR_THE_DESKTOP_SITE, IPAD_ASKING_FOR_THE_DESKTOP_SITE)).toBe(false);
  });

  test("stays the same through updates of browser and system", () => {
    expect(same(CHROME_ON_WINDOWS, CHROME_ON_WINDOWS.replace("131", "132").replace("10.0", "11.0"))).toBe(true);
    expect(same(SAFARI_ON_IPHONE, SAFARI_ON_IPHONE.replaceAll("17_4", "18_0").replace("17.4", "18.0"))).toBe(true);
  });
});
