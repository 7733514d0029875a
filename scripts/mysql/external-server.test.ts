import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { addressesOf, checkExternalServer } from "./external-server.mjs";

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function listen(greet: (socket: Socket) => void): Promise<string> {
  const server = createServer(greet);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `mysql://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/portcullis`;
}

const greeting = (version: string) => Buffer.from(`\x4a\0\0\0\x0a${version}\0rest`, "latin1");

test.each([
  ["mysql://me:secret@db.test/portcullis", { host: "db.test", port: 3306 }],
  ["mysql://me:secret@[::1]:3307/portcullis", { host: "::1", port: 3307 }],
  ["mysql://root@localhost/portcullis?socketPath=%2Frun%2Fmysqld.sock", { path: "/run/mysqld.sock" }],
])("addressesOf: %s", (url, address) => {
  expect(addressesOf(url)).toEqual([address]);
});

test("external server: its version is reported", async () => {
  const url = await listen((socket) => socket.write(greeting("9.7.0")));
  expect(await checkExternalServer(url)).toMatchObject({
    url,
    version: expect.stringMatching(/^MySQL 9\.7\.0 at 127/),
  });
});

test("external server: of several servers one must respond, and those that do not are named", async () => {
  const url = await listen((socket) => socket.write(greeting("9.7.0")));
  const { version } = await checkExternalServer(url.replace("@", "@127.0.0.1:1,"));
  expect(version).toMatch(
    /^MySQL 9\.7\.0 at 127\.0\.0\.1:\d+; 127\.0\.0\.1:1 in DATABASE_URL does not respond: ECONNREFUSED$/,
  );
  await expect(checkExternalServer("mysql://me:secret@127.0.0.1:1,127.0.0.1:2/portcullis")).rejects.toThrow(
    /127\.0\.0\.1:1 in .* and 127\.0\.0\.1:2 in/,
  );
});

test("external server: an old version is used and reported", async () => {
  const url = await listen((socket) => socket.write(greeting("8.0.36")));
  expect((await checkExternalServer(url)).version).toContain("older than");
});

test.each([
  ["uses another protocol", (socket: Socket) => socket.write("HTTP/1.1 400 Bad Request\r\n")],
  ["closes the connection", (socket: Socket) => socket.destroy()],
  [
    "refuses the connection",
    (socket: Socket) => socket.write(Buffer.from("\x20\0\0\0\xff\x10\x04Too many connections", "latin1")),
  ],
])("external server that %s: the error does not contain the password", async (_, greet) => {
  const problem = await checkExternalServer(await listen(greet)).catch((error: Error) => error.message);
  expect(problem).toContain("does not respond");
  expect(problem).not.toContain("secret");
});

test("external server: no listener, or an invalid DATABASE_URL, is an error without the password", async () => {
  await expect(checkExternalServer("mysql://me:secret@127.0.0.1:1/portcullis")).rejects.toThrow(
    "127.0.0.1:1 in DATABASE_URL does not respond",
  );
  await expect(checkExternalServer("secret")).rejects.toThrow(/^(?!.*secret)/);
});
