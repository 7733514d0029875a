const PLACEHOLDER = /\{\{([\w.]+)(?:\|([\w-]+)(?::(\d+))?)?\}\}/g;

/** The value of a placeholder; `tampering` is applied to it at position `at`. */
export type PlaceholderResolver = (name: string, tampering: string | undefined, at: number) => string;

export function fillPlaceholders(text: string, resolve: PlaceholderResolver): string {
  return text.replace(PLACEHOLDER, (_, name: string, tampering: string | undefined, at: string | undefined) =>
    resolve(name, tampering, Number(at ?? 0)),
  );
}
