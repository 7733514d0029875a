import { expect, test } from "vitest";
import { chooseSource } from "./source.mjs";

const installation = { flavour: "mariadb" as const, version: "10.11.6", program: "/usr/sbin/mariadbd" };
const everything = {
  findInstallation: async () => installation,
  findPackage: async () => "mariadb-server-core" as const,
  hasDockerEngine: async () => true,
};
const withoutServer = { ...everything, findInstallation: async () => null };
const withoutPackage = { ...withoutServer, findPackage: async () => null };
const withNothing = { ...withoutPackage, hasDockerEngine: async () => false };

test.each([
  ["an installed server is preferred", everything, { kind: "private", installation }],
  ["an apt package is preferred to Docker", withoutServer, { kind: "apt", packageName: "mariadb-server-core" }],
  ["Docker is the last choice", withoutPackage, { kind: "docker" }],
  ["none if nothing is available", withNothing, { kind: "none" }],
])("database source: %s", async (_, machine, source) => {
  expect(await chooseSource(undefined, machine)).toEqual(source);
});

test("database source: DATABASE_URL is used without any lookup", async () => {
  const untouchable = {
    findInstallation: () => Promise.reject(new Error("asked")),
    findPackage: () => Promise.reject(new Error("asked")),
    hasDockerEngine: () => Promise.reject(new Error("asked")),
  };
  expect(await chooseSource("mysql://one", untouchable)).toEqual({ kind: "external", url: "mysql://one" });
});

test("database source: no package lookup once a server is found", async () => {
  const machine = { ...everything, findPackage: () => Promise.reject(new Error("asked")) };
  expect((await chooseSource(undefined, machine)).kind).toBe("private");
});
