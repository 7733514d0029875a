"use client";

import { type InputEvent, useRef, useState } from "react";
import { judgePasswordForm, PASSWORD_MAX_LENGTH, PASSWORD_SCORE_NEEDED } from "@/server/auth/policy/password-rules";
import { PasswordField } from "./password-field";

export type Strength = 0 | 1 | 2 | 3 | 4;

const WORDS = ["Very weak", "Weak", "Nearly there", "Strong", "Very strong"] as const;
const ADVICE = "add an unrelated word.";
const PAUSE_MS = 150;

interface NewPasswordFieldProps {
  name: string;
  label: string;
  minLength: number;
  error?: string;
  /** May load a dictionary: it is not called before somebody types. */
  estimate: (password: string, form: HTMLFormElement) => Promise<Strength>;
}

interface Verdict {
  /** Null while the estimate is under way. */
  strength: Strength | null;
  words: string;
}

/** A new password, with a word and a bar that say how long it would withstand guessing. */
export function NewPasswordField({ name, label, minLength, error, estimate }: NewPasswordFieldProps) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const typing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef("");

  function onInput(event: InputEvent<HTMLInputElement>) {
    const { value, form } = event.currentTarget;
    latest.current = value;
    clearTimeout(typing.current);
    if (!form || value === "") return setVerdict(null);
    const flaw = describeFlaw(value, minLength);
    if (flaw) return setVerdict({ strength: 0, words: flaw });
    typing.current = setTimeout(() => judge(value, form), PAUSE_MS);
  }

  async function judge(password: string, form: HTMLFormElement) {
    // Offline, the dictionary may not come; then the server alone judges.
    const strength = await estimate(password, form).catch(() => null);
    if (latest.current !== password) return;
    setVerdict(strength === null ? null : { strength, words: inWords(strength) });
  }

  return (
    <div>
      <PasswordField
        name={name}
        label={label}
        autoComplete="new-password"
        required
        error={error}
        onInput={onInput}
        hint={`At least ${minLength} characters. A few unrelated words work well.`}
      />
      <div className="mt-2 min-h-8">
        <div className="strength-bar" data-strength={verdict ? (verdict.strength ?? 0) : undefined} aria-hidden="true">
          <i />
          <i />
          <i />
          <i />
        </div>
        <p className="mt-1.5 min-h-5 text-sm font-medium" aria-live="polite">
          {verdict?.words}
        </p>
      </div>
    </div>
  );
}

/** What is wrong with its form, whatever its strength; null if nothing is. */
export function describeFlaw(password: string, minLength: number): string | null {
  const form = judgePasswordForm(password, minLength);
  if (form.kind === "good") return null;
  switch (form.reason) {
    case "short":
      return `Use at least ${minLength} characters.`;
    case "long":
      return `Use at most ${PASSWORD_MAX_LENGTH} characters.`;
    case "malformed":
      return "That contains a broken character.";
  }
}

function inWords(strength: Strength): string {
  return strength < PASSWORD_SCORE_NEEDED ? `${WORDS[strength]}: ${ADVICE}` : `${WORDS[strength]}.`;
}
