import { expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { TlsFacts } from "./examine-tls";
import { judgeTls } from "./judge-tls";
import { deploymentFacts, NOW } from "./testing";

const inDays = (days: number) => ({ validTo: NOW.getTime() + days * 86_400_000 + 1 });
const judge = (changes: Partial<TlsFacts>, isPublic = true) =>
  idsOf(judgeTls(deploymentFacts({ tls: { ...deploymentFacts().tls!, ...changes } }), NOW, isPublic));

test.each<[string, Partial<TlsFacts>, string[]]>([
  ["a valid certificate", {}, []],
  ["a certificate valid for 14 days", inDays(14), []],
  ["a certificate valid for 13 days", inDays(13), ["! certificate-ends"]],
  ["a certificate valid for 2 days", inDays(2), ["✗ certificate-ends"]],
  ["an expired certificate", inDays(-1), ["✗ certificate-ended"]],
  ["an untrusted certificate", { certificateError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }, ["✗ certificate-mistrusted"]],
  ["TLS 1.2", { protocol: "TLSv1.2" }, []],
  ["TLS 1.1 at most", { protocol: "TLSv1.1" }, ["✗ tls-old"]],
  ["TLS 1.1 as well", { acceptsOldVersions: true }, ["! tls-old-taken"]],
])("TLS: %s: %j", (_, changes, ids) => {
  expect(judge(changes)).toEqual(ids);
});

test("TLS: a private authority is only a warning on localhost", () => {
  expect(judge({ certificateError: "SELF_SIGNED_CERT_IN_CHAIN" }, false)).toEqual(["! certificate-mistrusted"]);
});

test("TLS: skipped without a TLS server", () => {
  expect(judgeTls(deploymentFacts({ tls: null }), NOW, true)).toMatchObject({
    findings: [],
    skipped: expect.any(String),
  });
});
