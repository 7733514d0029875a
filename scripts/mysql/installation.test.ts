import { expect, test } from "vitest";
import { isSupported, parseVersion } from "./installation.mjs";

test.each([
  ["mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", "mariadb", "10.11.6"],
  ["/usr/sbin/mysqld  Ver 9.7.0-2 for Linux on x86_64 ((Debian))", "mysql", "9.7.0"],
  ["/opt/homebrew/bin/mysqld  Ver 8.4.3 for macos15.1 on arm64 (Homebrew)", "mysql", "8.4.3"],
  ["5.5.5-10.11.6-MariaDB-0+deb12u1", "mariadb", "10.11.6"],
  ["11.8.2-MariaDB", "mariadb", "11.8.2"],
  ["8.4.3", "mysql", "8.4.3"],
])("parseVersion: %s", (text, flavour, version) => {
  expect(parseVersion(text)).toEqual({ flavour, version });
});

test.each(["", "mysqld: command not found", "HTTP/1.1 400"])("parseVersion: %j is not a server version", (text) => {
  expect(parseVersion(text)).toBeNull();
});

test.each([
  ["mariadb", "10.11.0", true],
  ["mariadb", "11.4.2", true],
  ["mariadb", "10.6.18", false],
  ["mysql", "8.4.0", true],
  ["mysql", "9.7.0", true],
  ["mysql", "8.0.40", false],
  ["mysql", "5.7.44", false],
] as const)("isSupported: %s %s: %s", (flavour, version, expected) => {
  expect(isSupported({ flavour, version })).toBe(expected);
});
