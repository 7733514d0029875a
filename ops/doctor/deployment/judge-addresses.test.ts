import { describe, expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ProbeResult } from "./http-client";
import { judgeAddresses } from "./judge-addresses";
import { response, failed, remainingRequests, probeFacts } from "./testing";

const judge = (ownAddress: number[], forgedForwardedFor: number[]) =>
  idsOf(
    judgeAddresses(
      probeFacts({
        ownAddress: ownAddress.map(remainingRequests),
        forgedForwardedFor: forgedForwardedFor.map(remainingRequests),
      }),
      null,
      true,
    ),
  );

describe("forged addresses", () => {
  test.each<[string, number[], number[], string[]]>([
    ["one counter for all requests", [599, 598, 597], [596, 595, 594], []],
    ["three instances with separate counters", [599, 599, 598], [599, 598, 597], []],
    ["a rate limit window that ends in between", [2, 1, 599], [598, 597, 596], []],
    ["a new counter for every forged address", [599, 598, 597], [599, 599, 599], ["✗ address-chosen"]],
    ["a new counter for every request", [599, 599, 599], [599, 599, 599], ["! addresses-change"]],
  ])("%s: %j then %j", (_, ownAddress, forgedForwardedFor, ids) => {
    expect(judge(ownAddress, forgedForwardedFor)).toEqual(ids);
  });

  test("other address headers are checked too, and may be refused", () => {
    const otherwise = (forgedOtherHeaders: ProbeResult[]) =>
      idsOf(judgeAddresses(probeFacts({ forgedOtherHeaders }), null, true));
    expect(otherwise([remainingRequests(599), remainingRequests(599), remainingRequests(599)])).toEqual([
      "✗ address-chosen",
    ]);
    expect(otherwise([response(403, { "ratelimit-limit": null }), failed("ECONNRESET")])).toEqual([]);
  });

  test("missing RateLimit headers are reported", () => {
    const one = { "ratelimit-limit": "1", "ratelimit-remaining": "0" };
    for (const hidden of [response(200, { "ratelimit-remaining": null }), response(200, one), failed("ECONNRESET")]) {
      const probes = probeFacts({ forgedForwardedFor: [remainingRequests(595), hidden] });
      expect(idsOf(judgeAddresses(probes, null, true))).toEqual(["! addresses-untold"]);
    }
  });
});

describe("the addresses of the newest sessions", () => {
  const seen = { sessions: 200, users: 80, addresses: 1, mostCommon: "172.18.0.5" };

  test.each<[string, Partial<typeof seen>, string[]]>([
    ["all of one network of ours", {}, ["✗ one-address"]],
    ["all of one network of ours, in IPv6", { mostCommon: "fd00::5" }, ["✗ one-address"]],
    ["all of this machine", { mostCommon: "127.0.0.1" }, ["✗ one-address"]],
    ["all of one office, or of one proxy outside", { mostCommon: "203.0.112.7" }, ["! one-address"]],
    ["many", { addresses: 61 }, []],
    ["too few sessions to tell", { sessions: 19 }, []],
    ["too few users", { users: 4 }, []],
  ])("%s: %j", (_, changes, ids) => {
    expect(idsOf(judgeAddresses(null, { ...seen, ...changes }, true))).toEqual(ids);
  });

  test("a single address is not reported on localhost", () => {
    expect(idsOf(judgeAddresses(null, { ...seen, mostCommon: "127.0.0.1" }, false))).toEqual([]);
  });
});
