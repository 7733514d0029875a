import { IMPLEMENTED_RULES, lifeOf, type LinkPolicy } from "./policy";
import { mailModel, type Bounds } from "./model";
import { explore, type SearchResult } from "./search";
import { NEW, OWNERS, QUIET_STATE, THIEFS, type State } from "./state";

const guest = { ...QUIET_STATE, hasSession: { owner: false, thief: false } };
const registered: State = {
  ...QUIET_STATE,
  isVerified: false,
  queued: { ...QUIET_STATE.queued, "verify-email": OWNERS },
};
const forgetful: State = { ...guest, knowsPassword: { owner: false, thief: false } };
const deleting: State = { ...guest, isDeleting: true, queued: { ...guest.queued, "undo-deletion": OWNERS } };

const verification: Bounds = {
  initial: registered,
  isDone: ({ isVerified }) => isVerified,
  requests: ["verify-email"],
  signsIn: true,
};
const reset: Bounds = {
  initial: forgetful,
  isDone: ({ knowsPassword }) => knowsPassword.owner,
  requests: ["reset-password"],
};
const change: Bounds = {
  initial: QUIET_STATE,
  isDone: ({ address }) => address === NEW,
  requests: ["change-email"],
  signsIn: true,
};
const deletion: Bounds = {
  initial: deleting,
  isDone: ({ isDeleting }) => !isDeleting,
  isOver: ({ isPurged }) => isPurged,
};
/** The owner has until the end of the link that restores the address. */
const theft = {
  hasThief: true,
  requests: ["reset-password", "change-email"],
  isDone: ({ isSecured }: State) => isSecured,
  isOver: ({ address, links: { "revert-email": revert } }: State) =>
    address >= THIEFS && revert?.status === "open" && revert.age >= lifeOf("revert-email"),
} as const;
const mailboxThief: State = { ...guest, thiefReadsMail: true };
const intruder: State = {
  ...QUIET_STATE,
  knowsPassword: { owner: true, thief: true },
  hasSession: { owner: true, thief: true },
};

export const SEARCHES = {
  verification: { ...verification, guesses: true, races: true },
  "verification, fragments stripped": { ...verification, guesses: true, stripsFragments: true },
  "password reset": { ...reset, guesses: true, races: true },
  "password reset, fragments stripped": { ...reset, guesses: true, stripsFragments: true },
  "change of address, with its notices": { ...change, races: true },
  "undone deletion": { ...deletion, guesses: true, races: true },
  "undone deletion, fragments stripped": { ...deletion, stripsFragments: true },
  "a thief reads the mailbox; second factor": {
    ...theft,
    initial: { ...mailboxThief, hasSecondFactor: true },
    signsIn: true,
    races: true,
    thiefStaysOut: true,
  },
  "a thief reads the mailbox; no second factor": { ...theft, initial: mailboxThief },
  "a thief has the password and a session, but not the mailbox": { ...theft, initial: intruder, signsIn: true },
} as const satisfies Record<string, Bounds>;

export type SearchName = keyof typeof SEARCHES;

/** What the rules do not prevent. */
export const LIMITS = {
  "without a second factor, a thief who reads the mailbox gets in": {
    ...SEARCHES["a thief reads the mailbox; no second factor"],
    thiefStaysOut: true,
  },
  "an owner whose gateway strips fragments, and whose address an outsider types wrong codes with, cannot undo a deletion":
    {
      ...SEARCHES["undone deletion, fragments stripped"],
      guesses: true,
    },
} as const satisfies Record<string, Bounds>;

export function run(bounds: Bounds, policy: LinkPolicy = IMPLEMENTED_RULES): SearchResult {
  return explore(mailModel(policy, bounds));
}
