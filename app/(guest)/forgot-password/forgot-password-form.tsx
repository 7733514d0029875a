"use client";

import { useEffect, useRef, useState } from "react";
import { authClient } from "@/app/auth/auth-client";
import { describeFailure } from "@/app/auth/failure";
import { Button } from "@/app/ui/button";
import { EMAIL_MESSAGES, EmailField } from "@/app/ui/email-field";
import { FormProblem } from "@/app/ui/form-problem";
import { useForm } from "@/app/ui/use-form";
import { CONFIRM } from "@/server/auth/policy/routes";

export function ForgotPasswordForm() {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const { form, submit, errors, problem } = useForm({
    messages: { email: EMAIL_MESSAGES },
    send: async (data) => {
      const email = String(data.get("email")).trim();
      try {
        await authClient.password.requestReset.mutate({ email });
      } catch (error) {
        return describeFailure(error);
      }
      setSentTo(email);
      return null;
    },
    onDone: () => {},
  });

  if (sentTo !== null) return <Sent email={sentTo} onOther={() => setSentTo(null)} />;
  return (
    <form {...form} className="flex flex-col gap-5">
      <EmailField error={errors.email} />
      <Button {...submit} type="submit" variant="solid" pendingLabel="Sending…">
        Send the mail
      </Button>
      <FormProblem problem={problem} />
    </form>
  );
}

/** The same text whether or not the account exists. */
function Sent({ email, onOther }: { email: string; onOther: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  return (
    <div className="rounded-plate border-l-4 border-accent bg-wash px-4 py-4">
      <h2 ref={heading} tabIndex={-1} className="plate text-xl outline-none">
        Look into your mailbox
      </h2>
      <p className="mt-2">
        If an account uses <strong className="break-words">{email}</strong>, a mail with a link and a code is on its
        way. It can take a minute; look into the spam folder, too. Another request within a minute sends no second mail.
      </p>
      <div className="mt-5 flex flex-wrap items-center gap-x-6 gap-y-3">
        <a className="link" href={CONFIRM}>
          Enter the code from the mail
        </a>
        <Button onClick={onOther}>Use a different email</Button>
      </div>
    </div>
  );
}
