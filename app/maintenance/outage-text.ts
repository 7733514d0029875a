export interface OutageText {
  title: string;
  text: string;
}

const ELSE: OutageText = {
  title: "Something is stuck",
  text: "This is our fault, not yours. You are not signed out: we keep trying, and take you back as soon as it works.",
};

const TROUBLES: Partial<Record<number, OutageText>> = {
  503: {
    title: "Back in a moment",
    text: "We cannot reach our records right now. You are not signed out: as soon as they answer, you are taken back to where you were.",
  },
  429: {
    title: "A little too fast",
    text: "More requests came from here than we take at once. Nothing is lost, and you are not signed out: after a short rest you are taken back.",
  },
  400: {
    title: "Your browser holds on to an old cookie",
    text: "We asked it to drop one, and it keeps sending it. Delete the cookies of this site in the settings of your browser, then try again. You may have to sign in once more.",
  },
};

/** What is wrong, for people. The status is one of HTTP's, or anything that somebody typed. */
export function describeOutage(status: number): OutageText {
  return TROUBLES[status] ?? ELSE;
}
