import { expect, test } from "vitest";
import { kindOfRequest } from "./request-kind";

test.each([
  ["a page typed by the person", "private", { "sec-fetch-dest": "document" }, "document"],
  ["a page asked for by a tool", "private", {}, "document"],
  ["a page in a frame", "guest", { "sec-fetch-dest": "iframe" }, "document"],
  ["a page asked for by the router", "private", { rsc: "1" }, "soft"],
  ["a prefetch", "guest", { "next-router-prefetch": "1" }, "soft"],
  ["a prefetch of a part", "guest", { "next-router-segment-prefetch": "/_tree" }, "soft"],
  ["a router that says what it has", "root", { "next-router-state-tree": "[]" }, "soft"],
  ["a page fetched by code", "open", { "sec-fetch-dest": "empty" }, "soft"],
  ["a call", "call", { "sec-fetch-dest": "empty" }, "call"],
  ["a call typed by the person", "call", { "sec-fetch-dest": "document" }, "call"],
] as const)("%s", (_name, route, headers, kind) => expect(kindOfRequest(route, headers)).toBe(kind));
