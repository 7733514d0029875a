"use client";

import { useState } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { Button } from "@/app/ui/button";
import { Field } from "@/app/ui/field";
import { FormProblem } from "@/app/ui/form-problem";
import { useForm, type ValidationMessages } from "@/app/ui/use-form";
import type { SecondFactorMethod } from "@/server/auth/policy/authentication-methods";
import { withFragment } from "@/server/auth/policy/next-path";

const VALIDATION_MESSAGES: ValidationMessages = { code: { valueMissing: "Type the code." } };

type CodeMethod = Exclude<SecondFactorMethod, "passkey">;

export function SecondFactorForm({ next, methods }: { next: string; methods: SecondFactorMethod[] }) {
  const { finishLogin } = useAuth();
  const codeMethods = methods.filter((method): method is CodeMethod => method !== "passkey");
  const [method, setMethod] = useState(codeMethods[0]);
  const { form, submit, errors, problem } = useForm({
    messages: VALIDATION_MESSAGES,
    send: async (data) => {
      const input = { method: method!, code: String(data.get("code")) };
      const outcome = await finishLogin(input, { next: withFragment(next, location.hash) });
      return outcome.kind === "done" ? null : outcome;
    },
  });
  const other = codeMethods.find((one) => one !== method);

  return (
    <form {...form} className="flex flex-col gap-5">
      {method === "totp" ? (
        <Field
          key="totp"
          name="code"
          label="Code from your authenticator app"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          required
          maxLength={64}
          error={errors.code}
        />
      ) : (
        <Field
          key="recovery-code"
          name="code"
          label="Recovery code"
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          required
          maxLength={64}
          error={errors.code}
        />
      )}
      <Button {...submit} type="submit" variant="solid" pendingLabel="Checking…">
        Continue
      </Button>
      <FormProblem problem={problem} />
      {other && (
        <Button onClick={() => setMethod(other)}>
          {other === "totp" ? "Use your authenticator app" : "Use a recovery code"}
        </Button>
      )}
    </form>
  );
}
