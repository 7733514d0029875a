import { request } from "node:http";

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 * @property {number} milliseconds from before the request is made until the whole answer is there
 */

/**
 * One call to the app over HTTP.
 * @param {string} url the app's
 * @param {string} procedure
 * @param {{ input?: object, cookie?: string, address?: string, agent?: import("node:http").Agent, requestId?: string }} [asked]
 * @returns {Promise<Reply>}
 */
export function call(url, procedure, { input, cookie, address = "192.0.2.1", agent, requestId } = {}) {
  const startedAt = performance.now();
  const body = input && JSON.stringify(input);
  const headers = {
    origin: url,
    "x-forwarded-for": address,
    ...(requestId && { "x-request-id": requestId }),
    ...(cookie && { cookie }),
    ...(body && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const asking = request(
      `${url}/api/trpc/${procedure}`,
      { method: body ? "POST" : "GET", headers, agent },
      (answer) => {
        /** @type {Buffer[]} */
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString(),
            milliseconds: performance.now() - startedAt,
          }),
        );
      },
    );
    asking.on("error", reject);
    asking.end(body);
  });
}

/** The cookies that an answer sets, as a browser sends them back. @param {Reply} reply */
export function cookiesOf({ headers }) {
  return (headers["set-cookie"] ?? []).map((cookie) => cookie.split(";", 1)[0]).join("; ");
}
