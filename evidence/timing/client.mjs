import { request as httpRequest } from "node:http";

/**
 * @typedef {object} HttpResponse
 * @property {number} status
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 * @property {number} milliseconds from sending the request to the end of the response
 */

/**
 * Calls a procedure of the app over HTTP.
 * @param {string} url the app's
 * @param {string} procedure
 * @param {{ input?: object, cookie?: string, address?: string, agent?: import("node:http").Agent, requestId?: string }} [options]
 * @returns {Promise<HttpResponse>}
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
    const request = httpRequest(
      `${url}/api/trpc/${procedure}`,
      { method: body ? "POST" : "GET", headers, agent },
      (response) => {
        /** @type {Buffer[]} */
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
            milliseconds: performance.now() - startedAt,
          }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** The cookies of a response as a Cookie header. @param {HttpResponse} response */
export function cookiesOf({ headers }) {
  return (headers["set-cookie"] ?? []).map((cookie) => cookie.split(";", 1)[0]).join("; ");
}
