import { CURRENT, PREVIOUS, type VerdictInput, type Policy } from "./policy";

/** Published ways to rotate, and the contract with one of its rules left out at a time: the real verdict with a change around it. */
export const REJECTED_POLICIES: readonly Policy[] = [
  {
    name: "strict: only the current token, and it rotates every time",
    mapVerdict: (verdict, { presented }) => {
      if (presented === PREVIOUS) return "replayed";
      return verdict === "fresh" ? "rotate" : verdict;
    },
  },
  {
    name: "a grace window that makes another child, both good",
    mapVerdict: (verdict) => (verdict === "reissue" ? "recover" : verdict),
    keepsReplacedValid: true,
  },
  {
    name: "a grace window that makes another child, the first one dead",
    mapVerdict: (verdict) => (verdict === "reissue" ? "recover" : verdict),
  },
  {
    name: "the same child, but rotating again inside the window",
    mapVerdict: (verdict, { presented }) => (verdict === "fresh" && presented === CURRENT ? "rotate" : verdict),
  },
  { name: "always accept the previous token", mapVerdict: (verdict) => (verdict === "recover" ? "reissue" : verdict) },
  { name: "the refresh cookie sent on fresh", resendsOnFresh: true },
  {
    name: "the window measured from rotated_at alone",
    mapInput: (input) => ({ ...input, handedAge: input.rotatedAge }),
  },
  { name: "no recover: late is replayed", mapVerdict: (verdict) => (verdict === "recover" ? "replayed" : verdict) },
  { name: "recover leaves the lost successor alive", keepsReplacedValid: true },
  {
    name: "past the cap recover at once, instead of letting it settle",
    mapVerdict: (verdict, { presented }) => (verdict === "fresh" && presented === PREVIOUS ? "recover" : verdict),
  },
  { name: "no cap of ten windows", mapInput: (input) => ({ ...input, rotatedAge: input.handedAge }) },
  { name: "any browser may present the previous token", mapInput: (input) => ({ ...input, isSameBrowser: true }) },
  {
    name: "the previous token from another browser is replayed at any time",
    mapVerdict: (verdict, input) => (isFromAnotherBrowser(input) && verdict === "fresh" ? "replayed" : verdict),
  },
  {
    name: "another browser has a window that is measured from rotated_at",
    mapInput: (input) => (isFromAnotherBrowser(input) ? { ...input, handedAge: input.rotatedAge } : input),
  },
  {
    name: "another browser recovers, too, after the window",
    mapVerdict: (verdict, input) => (isFromAnotherBrowser(input) && verdict === "replayed" ? "recover" : verdict),
  },
  {
    name: "another browser gets access tokens for as long as the token is the previous one",
    mapVerdict: (verdict, input) => (isFromAnotherBrowser(input) && verdict === "replayed" ? "fresh" : verdict),
  },
  { name: "replayed refuses and lets the session live", toleratesReplay: true },
  { name: "a revoked session is not looked for", mapInput: (input) => ({ ...input, isRevoked: false }) },
  { name: "one more nonce: the one before the previous", remembers: "the one before the previous" },
  { name: "one more nonce: the successor that was replaced", remembers: "the replaced successor" },
];

function isFromAnotherBrowser({ presented, isSameBrowser }: VerdictInput): boolean {
  return presented === PREVIOUS && !isSameBrowser;
}
