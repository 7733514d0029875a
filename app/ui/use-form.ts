"use client";

import { type InputEvent, type SubmitEvent, useRef, useState } from "react";

export interface Problem {
  message: string;
  fields?: Record<string, string>;
  retryAfterSeconds?: number;
  /** A page that helps to solve the problem. */
  link?: { href: string; text: string };
}

/** Error messages by field and validity flag of the browser. */
export type ValidationMessages = Record<string, { [Flag in keyof ValidityState]?: string }>;

interface FormOptions {
  /** As a function: for a form with several submit buttons, whose name and value are in the data. */
  messages: ValidationMessages | ((data: FormData) => ValidationMessages);
  /** Additional validation, as errors by field. */
  check?: (data: FormData) => Record<string, string>;
  /** Submits the form; returns null on success. Must not throw. */
  send: (data: FormData) => Promise<Problem | null>;
  /** Called after success. Without it the form stays pending, for forms that leave the page. */
  onDone?: (form: HTMLFormElement) => void;
}

/** A form of uncontrolled inputs; only errors and progress are state. */
export function useForm({ messages, check, send, onDone }: FormOptions) {
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [pending, setPending] = useState(false);
  const busy = useRef(false);

  async function onSubmit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    if (busy.current) return;

    const data = new FormData(form, event.nativeEvent.submitter);
    setProblem(null);
    const needed = typeof messages === "function" ? messages(data) : messages;
    if (show(form, { ...check?.(data), ...validate(form, needed) })) return;

    busy.current = true;
    setPending(true);
    const failure = await send(data);
    if (failure === null && !onDone) return;

    busy.current = false;
    setPending(false);
    if (failure === null) return onDone?.(form);
    if (!show(form, failure.fields ?? {})) setProblem(failure);
  }

  /** Shows errors at their fields and focuses the first. Returns false if the form has none of the fields. */
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
    submit: { pending },
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
