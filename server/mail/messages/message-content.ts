import { formatUtc, type Fact, type MessageContent } from "./letter";
import type { Message, Occasion } from "./message";

export function describeMessage(message: Message): MessageContent {
  switch (message.kind) {
    case "verify-email":
      return {
        title: "Confirm your email address",
        intro: [
          "An account at Portcullis was created with this email address. Confirm that it is yours, so that you can get back into the account if you forget the password.",
        ],
        facts: [],
        advice: [],
        action: { label: "Confirm email address", needs: "press" },
        otherwise: ["If you did not create the account, ignore this message. The address then stays unconfirmed."],
      };
    case "reset-password":
      return {
        title: "Reset your password",
        intro: ["A new password was requested for your account."],
        facts: factsOf(message.occasion),
        advice: ["Use the link below to choose a new password. All devices are then signed out."],
        action: { label: "Choose a new password", needs: "new-password" },
        otherwise: ["If you did not request this, ignore this message. Your password then stays as it is."],
      };
    case "change-email":
      return {
        title: "Confirm your new email address",
        intro: [
          "An account at Portcullis is to use this email address instead of its old one. Confirm that it is yours.",
        ],
        facts: [["Old address", message.oldEmail], ...factsOf(message.occasion)],
        advice: ["The account keeps its old address until you confirm the new one."],
        action: { label: "Confirm new address", needs: "press" },
        otherwise: ["If this is not your account, ignore this message. The account then keeps its old address."],
      };
    case "email-change-requested":
      return {
        title: "A new email address was requested for your account",
        intro: [
          "A change of the email address of your account was requested. The change takes effect when the new address is confirmed.",
        ],
        facts: [["New address", message.newEmail], ...factsOf(message.occasion)],
        advice: [
          "If this was you, there is nothing to do here.",
          "If this was not you, use the link below. It signs out all devices and lets you choose a new password, which also cancels the change.",
        ],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "email-changed":
      return {
        title: "The email address of your account was changed",
        intro: ["Your account has a new email address. Later messages about the account are sent to the new address."],
        facts: [["Old address", message.oldEmail], ["New address", message.newEmail], ...factsOf(message.occasion)],
        advice: [
          "If this was you, there is nothing to do.",
          "If this was not you, use the link below. It restores the old address, signs out all devices and lets you choose a new password.",
          "If earlier messages report more that was not you, use the link of the oldest of them, too. The order does not matter.",
        ],
        action: { label: "Restore the old address", needs: "code" },
        otherwise: [],
      };
    // To the address that was removed: the reader may be a thief, or an owner whose old mailbox another person reads.
    case "email-reverted":
      return {
        title: "The change of your email address was undone",
        intro: [
          "The account does not use this email address any more: the change to it was undone with the link that was sent to the old address. All devices were signed out.",
        ],
        facts: [["Old address", message.email], ...factsOf(message.occasion)],
        advice: [
          "To sign in again, choose a new password: select “Forgot your password?” on the sign-in page and enter the old address.",
          "If you did not undo the change, another person reads the mail of the old address. First change the password of that mailbox.",
        ],
        action: null,
        otherwise: [],
      };
    case "password-changed":
      return {
        title: "Your password was changed",
        intro: ["The password of your account was changed, and all other devices were signed out."],
        facts: factsOf(message.occasion),
        advice: [IF_YOU, IF_NOT_YOU],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "new-device":
      return {
        title: "Sign-in to your account on a new device",
        intro: ["There was a sign-in to your account on a device that was not used with it before."],
        facts: factsOf(message.occasion),
        advice: [IF_YOU, IF_NOT_YOU],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "session-replayed":
      return {
        title: "A session was ended to protect your account",
        intro: [
          "One of your sessions was used with an outdated copy of its cookies. This happens when cookies are stolen, or when a browser is restored from a backup. The session was ended on every device that used it. Your other sessions stay signed in.",
        ],
        facts: factsOf(message.occasion),
        advice: ["If you restored a backup of your browser, sign in again: there is nothing else to do.", IF_NOT_YOU],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "factor-changed":
      return {
        title: "The ways to sign in to your account were changed",
        intro: ["The ways to sign in to your account were changed."],
        facts: [["Change", message.change], ...factsOf(message.occasion)],
        advice: [
          IF_YOU,
          `${IF_NOT_YOU} It removes second factors that were added then or later, except the first one of the account.`,
        ],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "recovery-code-used":
      return {
        title: "A recovery code was used to sign in",
        intro: ["A recovery code of your account was used in place of the second factor."],
        facts: [["Codes left", String(message.remaining)], ...factsOf(message.occasion)],
        advice: [IF_YOU, IF_NOT_YOU],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "passkey-copied":
      return {
        title: "One of your passkeys may have been copied",
        intro: [
          "A passkey of your account was used, and it counts fewer uses than before. This happens when a passkey is copied, or when a security key counts wrongly. The sign-in was not refused.",
        ],
        facts: factsOf(message.occasion),
        advice: ["If that was you, remove the passkey on the security page and add it again.", IF_NOT_YOU],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "second-factor-guessed":
      return {
        title: "Your password is known to another person",
        intro: [
          "There were several sign-ins to your account with the right password and a wrong code. They were refused, and nothing was changed.",
        ],
        facts: factsOf(message.occasion),
        advice: [IF_YOU, IF_NOT_YOU],
        action: { label: "This was not me", needs: "code" },
        otherwise: [],
      };
    case "deletion-requested":
      return {
        title: "Your account will be deleted",
        intro: [
          "The deletion of your account was requested. The account is disabled and all devices are signed out. After the date below the account and its data are deleted and cannot be restored.",
        ],
        facts: [["Deleted on", formatUtc(message.deletesAt)], ...factsOf(message.occasion)],
        advice: ["If this was not you, or if you change your mind, use the link below until then."],
        action: { label: "Keep my account", needs: "code" },
        otherwise: [],
      };
    case "deletion-undone":
      return {
        title: "Your account will not be deleted",
        intro: ["The deletion of your account was cancelled. You can sign in again."],
        facts: factsOf(message.occasion),
        advice: [
          "If this was not you, choose a new password: select “Forgot your password?” on the sign-in page. Then request the deletion again.",
        ],
        action: null,
        otherwise: [],
      };
  }
}

const IF_YOU = "If this was you, there is nothing to do.";
const IF_NOT_YOU =
  "If this was not you, use the link below. It signs out all devices and lets you choose a new password.";

function factsOf({ at, browser, os, address }: Occasion): Fact[] {
  return [
    ["When", formatUtc(at)],
    ["Device", `${browser} on ${os}`],
    ["IP address", address],
  ];
}
