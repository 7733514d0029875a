const WORD = /\{\{([\w.]+)(?:\|([\w-]+)(?::(\d+))?)?\}\}/g;

/** What a word stands for; `change` names what was done to it, and `at` where. */
export type Meaning = (word: string, change: string | undefined, at: number) => string;

/** Puts what they stand for in the place of the words. */
export function fill(text: string, meaning: Meaning): string {
  return text.replace(WORD, (_, word: string, change: string | undefined, at: string | undefined) =>
    meaning(word, change, Number(at ?? 0)),
  );
}
