"use client";

import { type InputEvent, useRef, useState } from "react";
import { judgePasswordForm, PASSWORD_MAX_LENGTH, PASSWORD_SCORE_NEEDED } from "@/server/auth/policy/password-rules";
import { PasswordField } from "./password-field";

export type Strength = 0 | 1 | 2 | 3 | 4;

const STRENGTH_LABELS = ["Very weak", "Weak", "Almost strong enough", "Strong", "Very strong"] as const;
const ADVICE = "add an unrelated word.";
const DEBOUNCE_MS = 150;

interface NewPasswordFieldProps {
  name: string;
  label: string;
  minLength: number;
  error?: string;
  /** Called only after input, because it may load a dictionary. */
  estimate: (password: string, form: HTMLFormElement) => Promise<Strength>;
}

interface Assessment {
  /** Null until the estimate is known. */
  strength: Strength | null;
  text: string;
}

/** An input for a new password with a strength meter. */
export function NewPasswordField({ name, label, minLength, error, estimate }: NewPasswordFieldProps) {
  const [assessment, setAssessment] = useState<Assessment | null>(null);
  const debounce = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef("");

  function onInput(event: InputEvent<HTMLInputElement>) {
    const { value, form } = event.currentTarget;
    latest.current = value;
    clearTimeout(debounce.current);
    if (!form || value === "") return setAssessment(null);
    const problem = describePasswordError(value, minLength);
    if (problem) return setAssessment({ strength: 0, text: problem });
    debounce.current = setTimeout(() => assess(value, form), DEBOUNCE_MS);
  }

  async function assess(password: string, form: HTMLFormElement) {
    // If the dictionary cannot be loaded, only the server checks the password.
    const strength = await estimate(password, form).catch(() => null);
    if (latest.current !== password) return;
    setAssessment(strength === null ? null : { strength, text: describeStrength(strength) });
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
        <div
          className="strength-bar"
          data-strength={assessment ? (assessment.strength ?? 0) : undefined}
          aria-hidden="true"
        >
          <i />
          <i />
          <i />
          <i />
        </div>
        <p className="mt-1.5 min-h-5 text-sm font-medium" aria-live="polite">
          {assessment?.text}
        </p>
      </div>
    </div>
  );
}

/** The error in length or encoding, regardless of strength; null if there is none. */
export function describePasswordError(password: string, minLength: number): string | null {
  const verdict = judgePasswordForm(password, minLength);
  if (verdict.kind === "good") return null;
  switch (verdict.reason) {
    case "short":
      return `Use at least ${minLength} characters.`;
    case "long":
      return `Use at most ${PASSWORD_MAX_LENGTH} characters.`;
    case "malformed":
      return "The password contains an invalid character.";
  }
}

function describeStrength(strength: Strength): string {
  return strength < PASSWORD_SCORE_NEEDED ? `${STRENGTH_LABELS[strength]}: ${ADVICE}` : `${STRENGTH_LABELS[strength]}.`;
}
