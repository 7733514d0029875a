import { once } from "node:events";
import { createServer, get, type IncomingMessage, type RequestListener } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { listen, listenAddresses } from "./listen";

test.each([
  ["http://localhost:3000", undefined, ["127.0.0.1", "::1"]],
  ["http://127.0.0.1:3000", undefined, ["127.0.0.1"]],
  ["http://127.0.0.5", undefined, ["127.0.0.5"]],
  ["http://[::1]:3000", undefined, ["::1"]],
  ["https://app.example.com", undefined, [undefined]],
  // The TLS proxy may run in another container.
  ["https://localhost", undefined, [undefined]],
  ["https://portcullis.localhost:8443", undefined, [undefined]],
  ["http://localhost:3000", "0.0.0.0", ["0.0.0.0"]],
  ["http://localhost:3000", "::", ["::"]],
  ["https://app.example.com", "localhost", ["127.0.0.1", "::1"]],
  ["https://app.example.com", "10.0.0.7", ["10.0.0.7"]],
])("listenAddresses: APP_ORIGIN %s and HOST %s give %j", (APP_ORIGIN, HOST, addresses) => {
  expect(listenAddresses({ APP_ORIGIN, HOST })).toEqual(addresses);
});

interface Settings {
  APP_ORIGIN: string;
  HOST?: string;
}

async function serve(settings: Settings, receive: RequestListener) {
  const server = createServer(receive);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const addresses = await new Promise<string[]>((resolve, reject) => {
    server.once("error", reject);
    listen(server, { ...settings, PORT: 0 }, resolve);
  });
  return { server, addresses, port: (server.address() as AddressInfo).port };
}

function fetchFrom(host: string, port: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get({ host, port, agent: false }, resolve).on("error", reject));
}

function addressesOfThisMachine(isInternal: boolean) {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return found.filter(({ internal, scopeid }) => internal === isInternal && !scopeid).map(({ address }) => address);
}

const hasIpv6 = addressesOfThisMachine(true).includes("::1");

test("listen: with localhost only the loopback addresses accept connections", async () => {
  const { addresses, port } = await serve({ APP_ORIGIN: "http://localhost:3000" }, (_, response) =>
    response.end("here"),
  );
  expect(addresses).toEqual(hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]);
  for (const address of ["localhost", ...addresses]) expect((await fetchFrom(address, port)).statusCode).toBe(200);
  for (const address of addressesOfThisMachine(false)) {
    const socket = connect(port, address);
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code, address).toBe("ECONNREFUSED");
  }
});

test("listen: with an https origin all addresses of the machine accept connections", async () => {
  const { port } = await serve({ APP_ORIGIN: "https://app.example.com" }, (_, response) => response.end("here"));
  for (const address of [...addressesOfThisMachine(false), "127.0.0.1"])
    expect((await fetchFrom(address, port)).statusCode).toBe(200);
});

test.runIf(hasIpv6)("listen: close() stops both listeners and waits for responses on the second address", async () => {
  let finish = () => {};
  const { server, port } = await serve({ APP_ORIGIN: "http://localhost:3000" }, (_, response) => {
    finish = () => response.end("done");
    response.flushHeaders();
  });
  const response = await fetchFrom("::1", port);
  let isClosed = false;
  const closed = new Promise<void>((resolve) =>
    server.close(() => {
      isClosed = true;
      resolve();
    }),
  );
  for (const address of ["127.0.0.1", "::1"]) await expect(fetchFrom(address, port)).rejects.toThrow("ECONNREFUSED");
  expect(isClosed).toBe(false);
  finish();
  response.resume();
  await once(response, "end");
  server.closeIdleConnections();
  await closed;
});

test.runIf(hasIpv6)("listen: a port in use on the second address is reported as EADDRINUSE", async () => {
  const other = createServer().listen(0, "::1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const server = createServer();
  onTestFinished(() => void server.close());
  const error = new Promise<NodeJS.ErrnoException>((resolve) => server.once("error", resolve));
  listen(server, { APP_ORIGIN: "http://localhost:3000", PORT: port }, () => {});
  expect((await error).code).toBe("EADDRINUSE");
});
