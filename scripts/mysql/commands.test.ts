import { expect, test } from "vitest";
import { serverEnvironment } from "./commands.mjs";

const HERE = { flavour: "mariadb", version: "10.11.19", program: "/usr/sbin/mariadbd" } as const;

test("each server keeps its temporary tables in a folder of its own, by the name that it knows it by", () => {
  expect(serverEnvironment(HERE, "/srv/one/tmp").TMPDIR).toBe("/srv/one/tmp");
  expect(serverEnvironment({ ...HERE, root: "/srv" }, "/srv/one/tmp").TMPDIR).toBe("/one/tmp");
});
