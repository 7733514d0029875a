import { expect, test } from "vitest";
import type { App } from "./entry";
import { startEntry } from "./testing";

const showPath: App = (request, response) => {
  response.setHeader("content-type", "text/html");
  response.end(request.url);
};

test.each(["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "portcullis.localhost:8443", "LOCALHOST"])(
  "mailbox: is shown to a client of this machine that asked for %s",
  async (host) => {
    const { request } = await startEntry(showPath, { hasMailbox: true });
    const response = await request({ path: "/dev/mailbox?mail=a", headers: { host } });
    expect(response).toMatchObject({ status: 200, body: "/dev/mailbox?mail=a" });
  },
);

test.each([
  "evil.test:3000",
  "localhost.evil.test",
  "127.0.0.1.evil.test",
  "evil.test/localhost",
  "localhost@evil.test",
  "10.0.0.7",
  "0.0.0.0:3000",
  "a b",
])("mailbox: does not exist under the name %j, which another site may have rebound to this machine", async (host) => {
  const { request } = await startEntry(showPath, { hasMailbox: true });
  for (const path of ["/dev/mailbox", "/dev/mailbox/", "/dev/m%61ilbox", "/dev/mailbox.rsc"])
    expect((await request({ path, headers: { host } })).status, path).toBe(404);
  expect((await request({ path: "/login", headers: { host } })).status).toBe(200);
});

test.each(["203.0.113.7", "192.168.1.20", "2001:db8::1"])(
  "mailbox: does not exist for a client at %s, whatever host it names",
  async (address) => {
    const { request } = await startEntry(showPath, { hasMailbox: true, TRUSTED_PROXY_HOPS: 1 });
    const headers = { host: "localhost:3000", "x-forwarded-for": address };
    expect((await request({ path: "/dev/mailbox", headers })).status).toBe(404);
    expect((await request({ path: "/dev/mailbox", headers: { ...headers, "x-forwarded-for": "::1" } })).status).toBe(
      200,
    );
  },
);

test("mailbox: only its page may have inline styles, and only where it exists", async () => {
  const styles = async (hasMailbox: boolean, path: string) => {
    const { request } = await startEntry(showPath, { hasMailbox });
    const { headers } = await request({ path, headers: { host: "localhost:3000" } });
    return /style-src [^;]*/.exec(String(headers["content-security-policy"]))?.[0].replace(/nonce-[^']+/, "nonce-x");
  };
  expect(await styles(true, "/dev/mailbox?mail=a")).toBe("style-src 'self' 'unsafe-inline'");
  for (const path of ["/dev/mailbox/a", "/dev/mailboxes", "/dev", "/login", "/?/dev/mailbox"])
    expect(await styles(true, path), path).toBe("style-src 'self' 'nonce-x'");
  expect(await styles(false, "/dev/mailbox")).toBe("style-src 'self' 'nonce-x'");
});
