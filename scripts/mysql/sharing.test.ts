import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { identify } from "@/scripts/process-identity.mjs";
import { shareServer } from "./sharing.mjs";

let directory: string;
let stops: number;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "portcullis-")), "mysql");
  stops = 0;
});

const nothing = async () => {};
const server = { url: "", version: "", pid: 0, start: nothing, kill: nothing, pause: nothing, resume: nothing };
const provide = async () => ({ ...server, stop: async () => void (stops += 1) });

function alsoUsedBy(identity: string) {
  mkdirSync(`${directory}.users`, { recursive: true });
  writeFileSync(join(`${directory}.users`, identity), "");
}

test("shareServer: the last process stops the server", async () => {
  const { release } = await shareServer({ directory, provide });
  expect(stops).toBe(0);
  await release();
  expect(stops).toBe(1);
});

test("shareServer: the server keeps running while another process uses it", async () => {
  alsoUsedBy(identify(process.ppid) ?? "");
  const { release } = await shareServer({ directory, provide });
  await release();
  expect(stops).toBe(0);
});

test("shareServer: crashed processes do not keep the server running", async () => {
  alsoUsedBy("999999999@1");
  alsoUsedBy(`${process.ppid}@1`);
  const { release } = await shareServer({ directory, provide });
  await release();
  expect(stops).toBe(1);
});

test("shareServer: a failed start registers no user", async () => {
  const failing = () => Promise.reject(new Error("no disk"));
  await expect(shareServer({ directory, provide: failing })).rejects.toThrow("no disk");
  const { release } = await shareServer({ directory, provide });
  await release();
  expect(stops).toBe(1);
});
