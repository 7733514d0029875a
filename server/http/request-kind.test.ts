import { expect, test } from "vitest";
import { kindOfRequest } from "./request-kind";

test.each([
  ["a page opened from the address bar", "private", { "sec-fetch-dest": "document" }, "document"],
  ["a page requested without browser headers", "private", {}, "document"],
  ["a page in a frame", "guest", { "sec-fetch-dest": "iframe" }, "document"],
  ["a page requested by the router", "private", { rsc: "1" }, "soft"],
  ["a prefetch", "guest", { "next-router-prefetch": "1" }, "soft"],
  ["a prefetch of a segment", "guest", { "next-router-segment-prefetch": "/_tree" }, "soft"],
  ["a request with a router state", "root", { "next-router-state-tree": "[]" }, "soft"],
  ["a page fetched by a script", "open", { "sec-fetch-dest": "empty" }, "soft"],
  ["a call", "call", { "sec-fetch-dest": "empty" }, "call"],
  ["a call opened from the address bar", "call", { "sec-fetch-dest": "document" }, "call"],
] as const)("kindOfRequest: %s", (_name, route, headers, kind) => expect(kindOfRequest(route, headers)).toBe(kind));
