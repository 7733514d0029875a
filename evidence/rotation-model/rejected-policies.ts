import { CURRENT, PREVIOUS, type Facts, type Policy } from "./policy";

/** Published ways to rotate, and the contract with one of its rules left out at a time: the real verdict with a change around it. */
export const REJECTED_POLICIES: readonly Policy[] = [
  {
    name: "strict: only the current token, and it rotates every time",
    turns: (verdict, { presented }) => {
      if (presented === PREVIOUS) return "replayed";
      return verdict === "fresh" ? "rotate" : verdict;
    },
  },
  {
    name: "a grace window that makes another child, both good",
    turns: (verdict) => (verdict === "reissue" ? "recover" : verdict),
    keepsReplaced: true,
  },
  {
    name: "a grace window that makes another child, the first one dead",
    turns: (verdict) => (verdict === "reissue" ? "recover" : verdict),
  },
  {
    name: "the same child, but rotating again inside the window",
    turns: (verdict, { presented }) => (verdict === "fresh" && presented === CURRENT ? "rotate" : verdict),
  },
  { name: "always accept the previous token", turns: (verdict) => (verdict === "recover" ? "reissue" : verdict) },
  { name: "the refresh cookie sent on fresh", resendsOnFresh: true },
  { name: "the window measured from rotated_at alone", sees: (facts) => ({ ...facts, handedAge: facts.rotatedAge }) },
  { name: "no recover: late is replayed", turns: (verdict) => (verdict === "recover" ? "replayed" : verdict) },
  { name: "recover leaves the lost successor alive", keepsReplaced: true },
  {
    name: "past the cap recover at once, instead of letting it settle",
    turns: (verdict, { presented }) => (verdict === "fresh" && presented === PREVIOUS ? "recover" : verdict),
  },
  { name: "no cap of ten windows", sees: (facts) => ({ ...facts, rotatedAge: facts.handedAge }) },
  { name: "any browser may present the previous token", sees: (facts) => ({ ...facts, isSameBrowser: true }) },
  {
    name: "the previous token from another browser is replayed at any time",
    turns: (verdict, facts) => (isFromAnotherBrowser(facts) && verdict === "fresh" ? "replayed" : verdict),
  },
  {
    name: "another browser has a window that is measured from rotated_at",
    sees: (facts) => (isFromAnotherBrowser(facts) ? { ...facts, handedAge: facts.rotatedAge } : facts),
  },
  {
    name: "another browser recovers, too, after the window",
    turns: (verdict, facts) => (isFromAnotherBrowser(facts) && verdict === "replayed" ? "recover" : verdict),
  },
  {
    name: "another browser gets access tokens for as long as the token is the previous one",
    turns: (verdict, facts) => (isFromAnotherBrowser(facts) && verdict === "replayed" ? "fresh" : verdict),
  },
  { name: "replayed refuses and lets the session live", toleratesReplay: true },
  { name: "a revoked session is not looked for", sees: (facts) => ({ ...facts, isRevoked: false }) },
  { name: "one more nonce: the one before the previous", remembers: "the one before the previous" },
  { name: "one more nonce: the successor that was replaced", remembers: "the replaced successor" },
];

function isFromAnotherBrowser({ presented, isSameBrowser }: Facts): boolean {
  return presented === PREVIOUS && !isSameBrowser;
}
