"use client";

import { useRef } from "react";
import { authClient } from "@/app/auth/auth-client";
import { useAuth, type FinishOptions } from "@/app/auth/auth-provider";
import type { Failure } from "@/app/auth/failure";
import { createPasskey } from "@/app/auth/passkey";
import { signalUnknownPasskey } from "@/app/auth/passkey-signals";
import type { PasskeyResponse } from "@/app/auth/use-passkey-request";

interface Person {
  fullName: string;
  email: string;
}

/** After these the account may exist, or may be created by the same request. */
const UNDECIDED: readonly Failure["reason"][] = ["UNREACHABLE", "UNAVAILABLE", "FAULT", "RATE_LIMITED"];

/** Creates a passkey in the browser, and the account with it. Returns null on success. */
export function usePasskeyRegistration() {
  const { registerWithPasskey } = useAuth();
  // A passkey that is on the device already: the next attempt sends it again instead of creating a second one.
  const unused = useRef<(Person & { response: PasskeyResponse }) | null>(null);

  return async (person: Person, remember: boolean, options: FinishOptions): Promise<Failure | null> => {
    let made = isOf(unused.current, person) ? unused.current : null;
    const outcome = await registerWithPasskey(async () => {
      made ??= { ...person, response: { ...(await createPasskey(await begin(person))) } };
      return { ...made, remember };
    }, options);
    unused.current = outcome.kind === "refused" && UNDECIDED.includes(outcome.reason) ? made : null;
    if (outcome.kind === "done") return null;
    if (outcome.passkey === "unknown" && made !== null) await signalUnknownPasskey(String(made.response.id));
    return outcome;
  };
}

const begin = (person: Person) => authClient.auth.beginPasskeyRegistration.mutate(person);

function isOf(made: Person | null, { fullName, email }: Person): boolean {
  return made !== null && made.fullName === fullName && made.email === email;
}
