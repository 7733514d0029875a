/** A name and what it says. */
export type Pair = readonly [name: string, value: string];

/** What kind of request one began as: the rows of the table. */
export type Kind =
  "query" | "mutation" | "batch" | "page" | "soft navigation" | "server action" | "file" | "foreign" | "raw";

export type Coding = "utf8" | "latin1" | "utf16" | "bom" | "gzip";

/**
 * A request before it is sent. Words in double braces stand for what is known only then: `{{access}}` is the sender's access
 * token, `{{access|flip:7}}` one that was tampered with.
 */
export interface Asked {
  kind: Kind;
  method: string;
  /** As it goes over the wire. */
  path: string;
  /** Encoded when it is sent. */
  query: readonly Pair[];
  headers: readonly Pair[];
  body: string | null;
  coding: Coding;
  /** What is said about the body's length, and may be wrong. Null: the truth. */
  framing: readonly Pair[] | null;
  isChunked: boolean;
  /** By the platform's own client, over a connection that is used again, if it is able to say such a thing. */
  prefersFetch: boolean;
}

export type Change = (asked: Asked) => Asked;

export function headerOf(asked: Asked, name: string): string | undefined {
  return asked.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

export function withHeader(asked: Asked, name: string, value: string): Asked {
  return { ...withoutHeader(asked, name), headers: [...withoutHeader(asked, name).headers, [name, value]] };
}

export function withoutHeader(asked: Asked, name: string): Asked {
  return { ...asked, headers: asked.headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase()) };
}
