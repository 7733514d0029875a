import type { Purpose } from "@/server/auth/policy/confirmations";

interface PurposeTexts {
  title: string;
  /** What the button does, before it is pressed. */
  explain: string;
  action: string;
  pending: string;
  done: { title: string; text: string; link: string };
}

/** `explain` and `done.text` follow the address of the link. */
export const PURPOSE_TEXTS: Record<Purpose, PurposeTexts> = {
  "verify-email": {
    title: "Confirm your email address",
    explain: "You confirm that this address is yours.",
    action: "Confirm this address",
    pending: "Confirming…",
    done: { title: "Your email is confirmed", text: "There is nothing left to do.", link: "Continue" },
  },
  "reset-password": {
    title: "Choose a new password",
    explain: "The new password replaces the old one, and every device is signed out.",
    action: "Change password",
    pending: "Changing…",
    done: {
      title: "Your password is changed",
      text: "Every device is signed out. Sign in with the new password.",
      link: "Sign in",
    },
  },
  "change-email": {
    title: "Use this address",
    explain: "This address replaces the one of your account. From then on you sign in with it.",
    action: "Use this address",
    pending: "Changing…",
    done: {
      title: "Your address is changed",
      text: "You sign in with the new address from now on. The old one received a mail to undo this within 7 days.",
      link: "Continue",
    },
  },
  "revert-email": {
    title: "Restore your old address",
    explain:
      "This address becomes the one of your account again. Every device is signed out, and you get a mail to choose a new password.",
    action: "Restore this address",
    pending: "Restoring…",
    done: {
      title: "Your address is restored",
      text: "Every device is signed out. Now open the mail that we have just sent to this address, and choose a new password.",
      link: "Sign in",
    },
  },
  "not-me": {
    title: "This wasn’t me",
    explain:
      "Every device is signed out, and you get a mail to choose a new password. Second factors that were added since are removed if you have an earlier one.",
    action: "Sign out every device",
    pending: "Signing out…",
    done: {
      title: "Every device is signed out",
      text: "Now open the mail that we have just sent to you, and choose a new password. Until then the old one still works.",
      link: "Sign in",
    },
  },
  "undo-deletion": {
    title: "Keep your account",
    explain: "The deletion is cancelled. You can sign in again.",
    action: "Keep my account",
    pending: "Restoring…",
    done: { title: "Your account is kept", text: "You can sign in again.", link: "Sign in" },
  },
};

interface SpentTexts {
  title: string;
  text: string;
}

/** Why a link does nothing any more, and what to do. Null: it never was a link of ours, or it is not complete. */
export const SPENT_TEXTS: Record<"used" | "superseded" | "expired" | "unknown", SpentTexts> = {
  used: {
    title: "This link was already used",
    text: "If that was you, there is nothing left to do. If it was not, choose a new password: that signs out every device.",
  },
  superseded: {
    title: "This link was replaced",
    text: "A newer mail, or a change of your account since, has replaced this link. Use the newest mail, or ask for a new one.",
  },
  expired: {
    title: "This link has expired",
    text: "It was valid for a limited time. Ask for a new one.",
  },
  unknown: {
    title: "This link does not work",
    text: "It is not complete, or it is not one of ours. Some mail programs change links. Open it in the mail again, or type the code from the mail.",
  },
};
