/** A name and what it says. */
export type NameValue = readonly [name: string, value: string];

/** What kind of request one began as: the rows of the table. */
export type RequestKind =
  "query" | "mutation" | "batch" | "page" | "soft navigation" | "server action" | "file" | "foreign" | "raw";

export type BodyEncoding = "utf8" | "latin1" | "utf16" | "bom" | "gzip";

/**
 * A request before it is sent. Words in double braces stand for what is known only then: `{{access}}` is the sender's access
 * token, `{{access|flip:7}}` one that was tampered with.
 */
export interface FuzzRequest {
  kind: RequestKind;
  method: string;
  /** As it goes over the wire. */
  path: string;
  /** Encoded when it is sent. */
  query: readonly NameValue[];
  headers: readonly NameValue[];
  body: string | null;
  encoding: BodyEncoding;
  /** What is said about the body's length, and may be wrong. Null: the truth. */
  framing: readonly NameValue[] | null;
  isChunked: boolean;
  /** By the platform's own client, over a connection that is used again, if it is able to say such a thing. */
  usesFetch: boolean;
}

export type Mutation = (request: FuzzRequest) => FuzzRequest;

export function headerOf(request: FuzzRequest, name: string): string | undefined {
  return request.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

export function withHeader(request: FuzzRequest, name: string, value: string): FuzzRequest {
  return { ...withoutHeader(request, name), headers: [...withoutHeader(request, name).headers, [name, value]] };
}

export function withoutHeader(request: FuzzRequest, name: string): FuzzRequest {
  return { ...request, headers: request.headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase()) };
}
