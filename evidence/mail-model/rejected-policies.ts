import { MAX_CODE_TRIES, SUPERSEDES } from "@/server/auth/policy/confirmations";
import type { LinkPolicy } from "./policy";
import type { SearchName } from "./searches";

/** The implemented rules with one of them left out, and the search that shows what it is for. */
export const REJECTED_POLICIES: readonly (LinkPolicy & { search: SearchName })[] = [
  {
    name: "pressing the button is enough, in any browser",
    search: "verification",
    mapProof: () => ({ isAskingSession: true }),
  },
  {
    name: "a reset link needs no typed password",
    search: "password reset",
    mapProof: () => ({ hasNewPassword: true }),
  },
  { name: "describing a link consumes it", search: "verification", describingConsumes: true },
  {
    name: "a code is accepted only with its link",
    search: "verification, fragments stripped",
    refuses: ({ hasToken }) => !hasToken,
  },
  {
    name: "only the browser that asked may confirm",
    search: "undone deletion, fragments stripped",
    refuses: ({ isAskingSession }) => !isAskingSession,
  },
  { name: "a second request ends the first link", search: "verification", secondRequest: "ends the first link" },
  { name: "a second request extends the first link", search: "verification", secondRequest: "extends the first link" },
  {
    name: "a used link works again",
    search: "password reset",
    mapState: () => ({ usedAt: null }),
    updateIgnores: ["used"],
  },
  { name: "the UPDATE does not ask whether the link was used", search: "verification", updateIgnores: ["used"] },
  {
    name: "the verdict does not ask whether the link was used; the UPDATE does",
    search: "verification",
    mapState: () => ({ usedAt: null }),
  },
  {
    name: "a superseded link works",
    search: "a thief has the password and a session, but not the mailbox",
    mapState: () => ({ supersededAt: null }),
    updateIgnores: ["superseded"],
  },
  {
    name: "the UPDATE does not ask whether the link was superseded",
    search: "a thief reads the mailbox; second factor",
    updateIgnores: ["superseded"],
  },
  {
    name: "an expired link works",
    search: "verification",
    mapState: ({ expiresAt }) => ({ expiresAt: new Date(expiresAt.getTime() + 1e9) }),
    updateIgnores: ["expired"],
  },
  { name: "the UPDATE does not ask whether the link has expired", search: "verification", updateIgnores: ["expired"] },
  { name: "wrong codes are not counted", search: "verification", countsNoWrongCodes: true },
  {
    name: "after five wrong codes the link is refused too",
    search: "verification",
    refuses: (_, { codeTries }) => codeTries >= MAX_CODE_TRIES,
  },
  {
    name: "a link signs in",
    search: "a thief reads the mailbox; second factor",
    opensSession: true,
  },
  {
    name: "a reset removes the second factor",
    search: "a thief reads the mailbox; second factor",
    resetRemovesSecondFactor: true,
  },
  {
    name: "a reset leaves the sessions",
    search: "a thief has the password and a session, but not the mailbox",
    resetKeepsSessions: true,
  },
  {
    name: "a reset leaves a requested change of address",
    search: "a thief has the password and a session, but not the mailbox",
    supersedes: { "reset-password": SUPERSEDES["reset-password"].filter((purpose) => purpose !== "change-email") },
  },
  {
    name: "a changed password leaves the open reset link",
    search: "a thief reads the mailbox; second factor",
    supersedes: { "change-password": ["change-email"] },
  },
  {
    name: "ending links leaves their mails that were not sent",
    search: "a thief has the password and a session, but not the mailbox",
    keepsUnsentMails: true,
  },
  {
    name: "a changed password ends the links against theft",
    search: "a thief has the password and a session, but not the mailbox",
    supersedes: { "change-password": [...SUPERSEDES["change-password"], "not-me", "revert-email"] },
  },
  {
    name: "the old address gets no link that restores it",
    search: "a thief has the password and a session, but not the mailbox",
    sendsNoRevert: true,
  },
  {
    name: "a restored address leaves the links of later changes",
    search: "a thief has the password and a session, but not the mailbox",
    keepsLaterReverts: true,
  },
];
