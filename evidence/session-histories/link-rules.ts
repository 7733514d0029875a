import { withUser, type LinkModel, type LinkPurpose, type Model, type QueuedMail } from "./model";
import type { LinkFacts, Operation, Outcome } from "./operations";
import { endSessions, type Step, type StepResult } from "./steps";

const HOUR = 3600;
const LINK_SECONDS: Record<LinkPurpose, number> = {
  "reset-password": HOUR,
  "change-email": 24 * HOUR,
  "revert-email": 7 * 24 * HOUR,
  "not-me": 7 * 24 * HOUR,
};
const MAX_TRIES = 5;

const LINK_SPENT: Outcome = { kind: "refused", reason: "LINK_SPENT" };

function isOpen({ spent, purpose, openedAt }: LinkModel, at: number): boolean {
  return spent === null && at < openedAt + LINK_SECONDS[purpose];
}

/** Ends the open links of these purposes, except those to `kept`, and removes their mails that are not composed. */
export function supersede(
  model: Model,
  { user, email, kept, at }: { user: string; email: string; kept?: string; at: number },
  purposes: LinkPurpose[],
): Model {
  const isEnded = (link: LinkModel) =>
    link.user === user && purposes.includes(link.purpose) && link.email !== kept && isOpen(link, at);
  // A notice is a mail of another kind than its link.
  const isRemoved = (mail: QueuedMail) =>
    mail.purpose !== "not-me" &&
    purposes.includes(mail.purpose) &&
    mail.email !== kept &&
    (mail.user === user || (mail.user === null && mail.email === email));
  return {
    ...model,
    links: model.links.map((link) => (isEnded(link) ? { ...link, spent: "superseded" } : link)),
    queuedMails: model.queuedMails.filter((mail) => !isRemoved(mail)),
  };
}

export const queueMail = (model: Model, mail: QueuedMail): Model => ({
  ...model,
  queuedMails: [...model.queuedMails, mail],
});

/** Composes the mail that this call has queued, unless it was removed. A second request sends the same link. */
export const composeMail: Step = (model, { at }, local) => {
  const mail = model.queuedMails.find(({ key }) => key === local.newSession);
  const after = { ...model, queuedMails: model.queuedMails.filter((other) => other !== mail) };
  const done: StepResult = { model: after, local: { outcome: { kind: "done" }, ...local } };
  if (mail === undefined) return [done];
  const { purpose, email } = mail;
  const name = mail.user ?? Object.keys(model.users).find((one) => model.users[one]!.email === email);
  const user = name === undefined ? undefined : model.users[name];
  if (name === undefined || user === undefined) return [done];
  if (purpose !== "not-me" && user.isDisabled) return [done];
  if (purpose === "reset-password" && user.email !== email) return [done];
  const isSame = (link: LinkModel) => link.user === name && link.purpose === purpose && link.email === email;
  if (purpose !== "not-me" && model.links.some((link) => isSame(link) && isOpen(link, at))) return [done];
  const opened: LinkModel = { user: name, purpose, email, openedAt: at, tries: 0, spent: null };
  return [{ ...done, model: { ...after, links: [...after.links, opened] } }];
};

type Confirm = Extract<Operation, { kind: "confirm" }>;

/** A link to a new password is presented as such; the others by code and address. */
const isByCode = ({ purpose }: LinkFacts) => purpose !== "reset-password";

const findLink = (model: Model, facts: LinkFacts): LinkModel | undefined => {
  const same = model.links.filter(
    ({ user, purpose, email, openedAt }) =>
      user === facts.user && purpose === facts.purpose && email === facts.email && openedAt === facts.openedAt,
  );
  return same.find(({ spent }) => spent === null) ?? same[0];
};

/** A code that belongs to no open link counts against all open ones of the address. */
export const findConfirmation: Step<Confirm> = (model, { link, at }, local) => {
  if (link === null) return [{ model, local, outcome: LINK_SPENT }];
  const found = findLink(model, link);
  const isGuessable = (one: LinkModel) => one.email === link.email && isOpen(one, at) && one.tries < MAX_TRIES;
  if (isByCode(link) && !(found && isGuessable(found))) {
    const links = model.links.map((one) => (isGuessable(one) ? { ...one, tries: one.tries + 1 } : one));
    return [{ model: { ...model, links }, local, outcome: LINK_SPENT }];
  }
  const isRefused = found === undefined || !isOpen(found, at) || model.users[link.user]!.isDisabled;
  return isRefused ? [{ model, local, outcome: LINK_SPENT }] : [{ model, local }];
};

/** One atomic step: the use of the link and its effect. */
export const applyConfirmation: Step<Confirm> = (model, { link, password, at }, local) => {
  const found = findLink(model, link!);
  const { user, purpose, email } = link!;
  const known = model.users[user]!;
  if (found === undefined || !isOpen(found, at) || known.isDisabled) return [{ model, local, outcome: LINK_SPENT }];

  const used: Model = withSpent(model, found, "used");
  const whose = { user, email: known.email, at };
  const done = (after: Model): StepResult[] => [{ model: after, local: { ...local, outcome: { kind: "done" } } }];
  switch (purpose) {
    case "reset-password": {
      const [ended] = endSessions(used, user, "password reset", at);
      return done(withUser(supersede(ended, whose, ["reset-password", "change-email"]), user, { password }));
    }
    case "change-email": {
      const after = supersede(withUser(used, user, { email }), whose, ["reset-password", "change-email"]);
      const revert = {
        user,
        purpose: "revert-email",
        email: known.email,
        openedAt: at,
        tries: 0,
        spent: null,
      } as const;
      return done({ ...after, links: [...after.links, revert] });
    }
    case "revert-email":
      return done(restoreEmail(used, found, at));
    case "not-me": {
      if (email !== known.email) {
        const revert = model.links.find(
          (one) => one.user === user && one.purpose === "revert-email" && one.email === email && isOpen(one, at),
        );
        if (revert === undefined) return [{ model, local, outcome: LINK_SPENT }];
        return done(supersedeLater(restoreEmail(withSpent(used, revert, "used"), revert, at), found));
      }
      const [ended] = endSessions(used, user, "not me", at);
      const after = supersede(ended, whose, ["reset-password", "change-email"]);
      return done(startReset(supersedeLater(after, found), user, email));
    }
  }
};

function restoreEmail(model: Model, revert: LinkModel, at: number): Model {
  const { user, email } = revert;
  const removed = model.users[user]!.email;
  const [ended] = endSessions(withUser(model, user, { email }), user, "address restored", at);
  const after = supersede(ended, { user, email: removed, at }, ["reset-password", "change-email"]);
  return startReset(supersedeLater(after, revert), user, email);
}

/** Ends the links against theft that are later than one that was used. */
function supersedeLater(model: Model, { user, openedAt }: LinkModel): Model {
  const isLater = (link: LinkModel) =>
    link.user === user &&
    (link.purpose === "not-me" || link.purpose === "revert-email") &&
    link.openedAt >= openedAt &&
    link.spent === null;
  const links = model.links.map((link) => (isLater(link) ? { ...link, spent: "superseded" as const } : link));
  return { ...model, links };
}

/** The mail of the reset is composed by no call of the history. */
const startReset = (model: Model, user: string, email: string): Model =>
  queueMail(model, { key: "of an effect", user, purpose: "reset-password", email });

function withSpent(model: Model, link: LinkModel, spent: "used" | "superseded"): Model {
  const at = model.links.indexOf(link);
  return { ...model, links: model.links.with(at, { ...link, spent }) };
}
