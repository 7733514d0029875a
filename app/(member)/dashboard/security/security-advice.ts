import { VERIFY_EMAIL } from "@/server/auth/policy/routes";

/** As the account lists it. */
export interface Factors {
  password: boolean;
  totp: { confirmedAt: string } | null;
  /** Unused ones; null before there is a second factor. */
  recoveryCodes: { remaining: number } | null;
  passkeys: readonly unknown[];
}

export interface Advice {
  title: string;
  text: string;
  link: { href: string; text: string };
}

/** From here on the user is asked to make new codes. */
const FEW_CODES = 3;

export function hasSecondFactor({ totp, passkeys }: Factors): boolean {
  return totp !== null || passkeys.length > 0;
}

export function hasFewCodes(factors: Factors): boolean {
  return hasSecondFactor(factors) && remainingCodes(factors) <= FEW_CODES;
}

export function remainingCodes({ recoveryCodes }: Factors): number {
  return recoveryCodes?.remaining ?? 0;
}

/** What the user should do, the most urgent first. */
export function decideAdvice(factors: Factors, isEmailUnconfirmed: boolean, isMailOn: boolean): Advice[] {
  const advice: Advice[] = [];
  // With mail, a forgotten or missing password is set by it.
  if (!factors.password && !isMailOn) {
    advice.push({
      title: "You can sign in with a passkey only.",
      text: "If you lose it, a recovery code gets you back in only together with a password.",
      link: { href: "#password", text: "Set a password" },
    });
  }
  if (!hasSecondFactor(factors)) {
    advice.push({
      title: "Your password alone opens this account.",
      text: "Anyone who learns it can sign in. An authenticator app or a passkey prevents that.",
      link: { href: "#authenticator-app", text: "Set up an authenticator app" },
    });
  } else if (hasFewCodes(factors)) {
    const remaining = remainingCodes(factors);
    advice.push({
      title:
        remaining === 0
          ? "You have no recovery code."
          : `You have ${remaining} recovery ${remaining === 1 ? "code" : "codes"} left.`,
      text:
        remaining === 0
          ? "Without one you cannot sign in if you lose your second factor."
          : "Make new ones before you need the last one.",
      link: { href: "#recovery-codes", text: "Make new recovery codes" },
    });
  }
  if (isEmailUnconfirmed) {
    advice.push({
      title: "Your email address is not confirmed.",
      text: "We cannot be sure that warnings and links for your account reach you.",
      link: { href: VERIFY_EMAIL, text: "Confirm your email" },
    });
  }
  return advice;
}

/** What to do after the phone is lost, in order. */
export function describeLostPhone(factors: Factors, isMailOn: boolean): string[] {
  const remaining = remainingCodes(factors);
  if (!hasSecondFactor(factors)) {
    return ["Sign in on another device with your password. Nothing else is asked for.", SIGN_OUT_PHONE];
  }
  const byPasskey = factors.passkeys.length > 0 ? "with a passkey that is not only on the phone" : null;
  const password = factors.password ? "your password" : isMailOn ? "a password, which you set by mail first," : null;
  const byCode =
    remaining > 0 && password !== null ? `with ${password} and a recovery code: ${countLeft(remaining)}` : null;
  const ways = [byPasskey, byCode].filter((way) => way !== null);
  if (ways.length === 0) {
    return [
      "You could not sign in: your password alone is not enough, and there is no recovery code. Make new recovery codes now, and keep them somewhere else than on the phone.",
    ];
  }
  return [
    `Sign in on another device ${ways.join(", or ")}.`,
    SIGN_OUT_PHONE,
    ...(factors.passkeys.length > 0 ? ["On this page, remove the passkey that was on the phone."] : []),
    ...(factors.totp === null ? [] : [REPLACE_APP]),
  ];
}

const REPLACE_APP =
  "On this page, replace the authenticator app by the one on your new phone, and make new recovery codes.";
const SIGN_OUT_PHONE = "Under Devices, sign out the lost phone. It loses access at once.";

function countLeft(remaining: number): string {
  return remaining === 1 ? "there is 1 left" : `there are ${remaining} left`;
}
