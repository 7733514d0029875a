import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { TlsFacts } from "./examine-tls";
import { judgeTls } from "./judge-tls";
import { deploymentFacts, NOW } from "./testing";

const inDays = (days: number) => ({ validTo: NOW.getTime() + days * 86_400_000 + 1 });
const judge = (changes: Partial<TlsFacts>, isPublic = true) =>
  idsOf(judgeTls(deploymentFacts({ tls: { ...deploymentFacts().tls!, ...changes } }), NOW, isPublic));

test.each<[string, Partial<TlsFacts>, string[]]>([
  ["a good certificate", {}, []],
  ["one that lasts a fortnight", inDays(14), []],
  ["one that lasts less", inDays(13), ["! certificate-ends"]],
  ["one that lasts two days", inDays(2), ["✗ certificate-ends"]],
  ["one that has ended", inDays(-1), ["✗ certificate-ended"]],
  ["one that browsers mistrust", { certificateError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }, ["✗ certificate-mistrusted"]],
  ["TLS 1.2", { protocol: "TLSv1.2" }, []],
  ["TLS 1.1 at best", { protocol: "TLSv1.1" }, ["✗ tls-old"]],
  ["TLS 1.1 as well", { acceptsOldVersions: true }, ["! tls-old-taken"]],
])("%s: %j", (_, changes, ids) => {
  expect(judge(changes)).toEqual(ids);
});

test("on this machine an authority of one's own is good enough", () => {
  expect(judge({ certificateError: "SELF_SIGNED_CERT_IN_CHAIN" }, false)).toEqual(["! certificate-mistrusted"]);
});

test("where there is no TLS there is nothing to judge", () => {
  expect(judgeTls(deploymentFacts({ tls: null }), NOW, true)).toMatchObject({
    findings: [],
    skipped: expect.any(String),
  });
});
