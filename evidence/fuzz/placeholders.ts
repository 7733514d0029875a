const PLACEHOLDER = /\{\{([\w.]+)(?:\|([\w-]+)(?::(\d+))?)?\}\}/g;

/** What a word stands for; `change` names what was done to it, and `at` where. */
export type PlaceholderResolver = (word: string, change: string | undefined, at: number) => string;

/** Puts what they stand for in the place of the words. */
export function fillPlaceholders(text: string, resolve: PlaceholderResolver): string {
  return text.replace(PLACEHOLDER, (_, word: string, change: string | undefined, at: string | undefined) =>
    resolve(word, change, Number(at ?? 0)),
  );
}
