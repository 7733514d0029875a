import { expect, test } from "vitest";
import { serverEnvironment } from "./commands.mjs";

const HERE = { flavour: "mariadb", version: "10.11.19", program: "/usr/sbin/mariadbd" } as const;

test("serverEnvironment: gives each server its own temporary folder, as a path inside its chroot", () => {
  expect(serverEnvironment(HERE, "/srv/one/tmp").TMPDIR).toBe("/srv/one/tmp");
  expect(serverEnvironment({ ...HERE, root: "/srv" }, "/srv/one/tmp").TMPDIR).toBe("/one/tmp");
});
