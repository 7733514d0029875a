"use client";

import { useEffect, useState } from "react";
import { Screen } from "@/app/(guest)/screen";
import { authClient } from "@/app/auth/auth-client";
import { describeFailure, type Failure } from "@/app/auth/failure";
import type { RouterOutputs } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { DateTime } from "@/app/ui/date-time";
import { FormProblem } from "@/app/ui/form-problem";
import { CONFIRM, FORGOT_PASSWORD, LOGIN } from "@/server/auth/policy/routes";
import { CodeForm } from "./code-form";
import { PURPOSE_TEXTS, SPENT_TEXTS } from "./confirm-texts";
import { LinkForm } from "./link-form";

type Described = RouterOutputs["confirm"]["describe"];
export type Performed = RouterOutputs["confirm"]["perform"];

export interface Viewer {
  email: string;
  maskedEmail: string;
}

type State =
  | { kind: "checking" }
  /** The address has no token: a mail program may have removed it. */
  | { kind: "no link" }
  | { kind: "failed"; failure: Failure }
  | { kind: "spent"; how: keyof typeof SPENT_TEXTS }
  | { kind: "described"; token: string; link: Described }
  | { kind: "done"; result: Performed };

export function ConfirmLink({ viewer, passwordMinLength }: { viewer: Viewer | null; passwordMinLength: number }) {
  const [state, setState] = useState<State>({ kind: "checking" });

  async function check() {
    // A mail program that encodes the "#" makes the token a part of the path.
    const fragment = decodeFragment(location.pathname.slice(CONFIRM.length) + location.hash);
    const token = tokenIn(fragment);
    if (token === null) return setState(fragment.length > 1 ? { kind: "spent", how: "unknown" } : { kind: "no link" });
    setState({ kind: "checking" });
    setState(await describeLink(token));
  }

  useEffect(() => {
    void check();
    const onChange = () => void check();
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);

  const onDone = (result: Performed) => {
    // The link is of no use any more: a reload would only show that it was used.
    history.replaceState(null, "", CONFIRM);
    setState({ kind: "done", result });
  };
  const onSpent = (how: keyof typeof SPENT_TEXTS) => setState({ kind: "spent", how });

  switch (state.kind) {
    case "checking":
      return (
        <p role="status" className="text-lg text-quiet">
          Checking the link…
        </p>
      );
    case "failed":
      return (
        <Screen title="The link could not be checked">
          <FormProblem problem={state.failure} />
          <Button variant="solid" onClick={() => void check()}>
            Try again
          </Button>
        </Screen>
      );
    case "no link":
      return (
        <Screen
          title="Enter the code from the mail"
          text="Every mail with a link also contains a code of eight characters."
        >
          <CodeForm passwordMinLength={passwordMinLength} onDone={onDone} />
        </Screen>
      );
    case "spent":
      return <Spent how={state.how} passwordMinLength={passwordMinLength} onDone={onDone} />;
    case "described": {
      const { link, token } = state;
      const { title, explain } = PURPOSE_TEXTS[link.purpose];
      return (
        <Screen title={title} text={explain}>
          <p>
            <strong className="break-words">{link.email}</strong>
            <span className="block text-quiet">
              The link is valid until <DateTime at={link.expiresAt} />.
            </span>
          </p>
          {viewer !== null && isForAnotherAccount(link, viewer) && (
            <p className="rounded-plate border-l-4 border-edge bg-raised px-4 py-3">
              You are signed in as <strong className="break-words">{viewer.email}</strong>, and this link is for another
              account. You can use it here; to see its result, sign out and sign in with that account.
            </p>
          )}
          <LinkForm token={token} link={link} passwordMinLength={passwordMinLength} onDone={onDone} onSpent={onSpent} />
        </Screen>
      );
    }
    case "done": {
      const { done } = PURPOSE_TEXTS[state.result.purpose];
      return (
        <Screen title={done.title} text={done.text}>
          <a className="link" href={state.result.next}>
            {done.link}
          </a>
        </Screen>
      );
    }
  }
}

function Spent({
  how,
  ...form
}: {
  how: keyof typeof SPENT_TEXTS;
  passwordMinLength: number;
  onDone: (result: Performed) => void;
}) {
  const { title, text } = SPENT_TEXTS[how];
  return (
    <Screen title={title} text={text}>
      {how === "unknown" && <CodeForm {...form} />}
      <p className="flex flex-wrap gap-x-6 gap-y-2">
        <a className="link" href={FORGOT_PASSWORD}>
          Choose a new password
        </a>
        <a className="link" href={LOGIN}>
          Sign in
        </a>
      </p>
    </Screen>
  );
}

async function describeLink(token: string): Promise<State> {
  try {
    return { kind: "described", token, link: await authClient.confirm.describe.mutate({ token }) };
  } catch (error) {
    const failure = describeFailure(error);
    return failure.reason === "LINK_SPENT"
      ? { kind: "spent", how: failure.spent ?? "unknown" }
      : { kind: "failed", failure };
  }
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** Mail programs may append to the fragment. */
function tokenIn(fragment: string): string | null {
  return /[A-Za-z0-9_-]{64}/.exec(fragment)?.[0] ?? null;
}

/** Only where the link names the current address of its account. */
function isForAnotherAccount({ purpose, email, needs }: Described, viewer: Viewer): boolean {
  const namesCurrentAddress = purpose === "verify-email" || purpose === "reset-password" || purpose === "not-me";
  return namesCurrentAddress && needs !== "press" && email !== viewer.maskedEmail;
}
