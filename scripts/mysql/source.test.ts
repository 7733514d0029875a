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
  ["the machine's own server before all that is fetched", everything, { kind: "private", installation }],
  ["the distribution's package before Docker", withoutServer, { kind: "apt", packageName: "mariadb-server-core" }],
  ["Docker if there is nothing else", withoutPackage, { kind: "docker" }],
  ["nothing", withNothing, { kind: "none" }],
])("%s", async (_, machine, source) => {
  expect(await chooseSource(undefined, machine)).toEqual(source);
});

test("DATABASE_URL is used without a look at the machine", async () => {
  const untouchable = {
    findInstallation: () => Promise.reject(new Error("asked")),
    findPackage: () => Promise.reject(new Error("asked")),
    hasDockerEngine: () => Promise.reject(new Error("asked")),
  };
  expect(await chooseSource("mysql://one", untouchable)).toEqual({ kind: "given", url: "mysql://one" });
});

test("nothing is asked that could install or start something once a server is found", async () => {
  const machine = { ...everything, findPackage: () => Promise.reject(new Error("asked")) };
  expect((await chooseSource(undefined, machine)).kind).toBe("private");
});
