"use client";

import { type InputEvent, type SubmitEvent, useRef, useState, useSyncExternalStore } from "react";

export interface Problem {
  message: string;
  fields?: Record<string, string>;
  retryAfterSeconds?: number;
  /** A page that helps. */
  link?: { href: string; text: string };
}

/** What to say for which of the browser's own complaints about a field. */
export type ValidationMessages = Record<string, { [Flag in keyof ValidityState]?: string }>;

interface FormOptions {
  messages: ValidationMessages;
  /** What the browser cannot tell: more errors by field. */
  check?: (data: FormData) => Record<string, string>;
  /** Sends the form; null means that it went well. Must not throw. */
  send: (data: FormData) => Promise<Problem | null>;
  /** Gets the form after it went well. A form that leaves the page stays busy until it is gone. */
  onDone?: (form: HTMLFormElement) => void;
}

/** A form of plain inputs: they keep what was typed; only what is wrong with it is state. */
export function useForm({ messages, check, send, onDone }: FormOptions) {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [pending, setPending] = useState(false);
  const busy = useRef(false);
  const hydrated = useSyncExternalStore(subscribeToNothing, inBrowser, onServer);

  async function onSubmit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    if (busy.current) return;

    const data = new FormData(form);
    setProblem(null);
    if (show(form, { ...check?.(data), ...validate(form, messages) })) return;

    busy.current = true;
    setPending(true);
    const failure = await send(data);
    if (failure === null && !onDone) return;

    busy.current = false;
    setPending(false);
    if (failure === null) return onDone?.(form);
    if (!show(form, failure.fields ?? {})) setProblem(failure);
  }

  /** Shows errors at their fields and goes to the first of them. False if the form has no such field. */
  function show(form: HTMLFormElement, found: Record<string, string>): boolean {
    setErrors(found);
    const first = inputsOf(form).find((input) => found[input.name]);
    first?.focus();
    return first !== undefined;
  }

  function onInput(event: InputEvent<HTMLFormElement>) {
    const { name } = event.target as HTMLInputElement;
    setErrors(({ [name]: _edited, ...others }) => others);
  }

  return {
    errors,
    problem,
    pending,
    /** Pressed before this page can listen, the browser would send the form itself, password and all. */
    submit: { disabled: !hydrated, pending },
    form: { method: "post", noValidate: true, "data-pending": pending, onSubmit, onInput } as const,
  };
}

function validate(form: HTMLFormElement, messages: ValidationMessages): Record<string, string> {
  const found: Record<string, string> = {};
  for (const input of inputsOf(form)) {
    const candidates = Object.entries(messages[input.name] ?? {});
    const failed = candidates.find(([name]) => input.validity[name as keyof ValidityState]);
    if (failed?.[1]) found[input.name] = failed[1];
  }
  return found;
}

function inputsOf(form: HTMLFormElement): HTMLInputElement[] {
  return [...form.elements].filter((element) => element instanceof HTMLInputElement);
}

const subscribeToNothing = () => () => {};
const inBrowser = () => true;
const onServer = () => false;
