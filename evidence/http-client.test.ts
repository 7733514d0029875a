import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { fetchResponse, sendRequest } from "./http-client";

async function startServer(respond: RequestListener): Promise<number> {
  const server = createServer(respond);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

test("HTTP client: sends header lines in order and repeated names, with Host and the length of the body", async () => {
  const port = await startServer(({ rawHeaders }, response) => response.end(rawHeaders.join(" ")));
  const headers = [["A", "1"], ["B", "2"], ["A", "3"]] as const; // prettier-ignore
  const { body } = await fetchResponse({ port, method: "POST", path: "/", headers, body: "ü" });
  expect(body).toBe(`Host localhost:${port} A 1 B 2 A 3 Content-Length 2 Connection close`);
  const chunked = await fetchResponse({ port, method: "POST", path: "/", body: "ü", framing: "chunks" });
  expect(chunked.body).toContain("Transfer-Encoding chunked");
  expect((await fetchResponse({ port, path: "/", headers: { host: "other" } })).body).toBe(
    "host other Connection close",
  );
});

test("HTTP client: reports a response that is cut off, and fetchResponse throws", async () => {
  const port = await startServer((_, response) => {
    response.writeHead(200, { "content-length": 10 }).write("half", () => response.destroy());
  });
  expect(await sendRequest({ port, path: "/" })).toMatchObject({ status: 200, body: "half", isComplete: false });
  await expect(fetchResponse({ port, path: "/" })).rejects.toThrow("cut off");
});

test("HTTP client: fetchResponse throws if the whole body does not arrive in time", async () => {
  const port = await startServer((_, response) => void response.writeHead(200).write("half"));
  await expect(fetchResponse({ port, path: "/", timeoutMilliseconds: 100 })).rejects.toThrow("ABORT_ERR");
});
