import { CURRENT, PREVIOUS, type VerdictInput, type Policy } from "./policy";

/** Published rotation schemes, and the implemented policy with one rule changed at a time. */
export const REJECTED_POLICIES: readonly Policy[] = [
  {
    name: "strict rotation: only the current token is accepted, and every refresh rotates",
    mapVerdict: (verdict, { presented }) => {
      if (presented === PREVIOUS) return "replayed";
      return verdict === "fresh" ? "rotate" : verdict;
    },
  },
  {
    name: "a grace window that issues a second successor, both valid",
    mapVerdict: (verdict) => (verdict === "reissue" ? "recover" : verdict),
    keepsReplacedValid: true,
  },
  {
    name: "a grace window that issues a second successor and invalidates the first",
    mapVerdict: (verdict) => (verdict === "reissue" ? "recover" : verdict),
  },
  {
    name: "the same successor is reissued, but the current token rotates inside the window",
    mapVerdict: (verdict, { presented }) => (verdict === "fresh" && presented === CURRENT ? "rotate" : verdict),
  },
  {
    name: "the previous token is always accepted",
    mapVerdict: (verdict) => (verdict === "recover" ? "reissue" : verdict),
  },
  { name: "fresh sends the refresh cookie again", resendsOnFresh: true },
  {
    name: "the window is measured from rotated_at only",
    mapInput: (input) => ({ ...input, handedAge: input.rotatedAge }),
  },
  {
    name: "no recover: a previous token after the window is replayed",
    mapVerdict: (verdict) => (verdict === "recover" ? "replayed" : verdict),
  },
  { name: "recover leaves the replaced successor valid", keepsReplacedValid: true },
  {
    name: "after the cap, recover immediately instead of fresh until the window ends",
    mapVerdict: (verdict, { presented }) => (verdict === "fresh" && presented === PREVIOUS ? "recover" : verdict),
  },
  { name: "no cap of ten windows", mapInput: (input) => ({ ...input, rotatedAge: input.handedAge }) },
  { name: "any browser may present the previous token", mapInput: (input) => ({ ...input, isSameBrowser: true }) },
  {
    name: "the previous token from a different browser is always replayed",
    mapVerdict: (verdict, input) => (isFromAnotherBrowser(input) && verdict === "fresh" ? "replayed" : verdict),
  },
  {
    name: "the window for a different browser is measured from rotated_at",
    mapInput: (input) => (isFromAnotherBrowser(input) ? { ...input, handedAge: input.rotatedAge } : input),
  },
  {
    name: "a different browser may recover after the window",
    mapVerdict: (verdict, input) => (isFromAnotherBrowser(input) && verdict === "replayed" ? "recover" : verdict),
  },
  {
    name: "a different browser receives access tokens as long as its token is the previous one",
    mapVerdict: (verdict, input) => (isFromAnotherBrowser(input) && verdict === "replayed" ? "fresh" : verdict),
  },
  { name: "replayed refuses the request and does not end the session", toleratesReplay: true },
  { name: "revocation is not checked", mapInput: (input) => ({ ...input, isRevoked: false }) },
  { name: "one more nonce is accepted: the one before the previous", remembers: "the one before the previous" },
  { name: "one more nonce is accepted: the replaced successor", remembers: "the replaced successor" },
];

function isFromAnotherBrowser({ presented, isSameBrowser }: VerdictInput): boolean {
  return presented === PREVIOUS && !isSameBrowser;
}
