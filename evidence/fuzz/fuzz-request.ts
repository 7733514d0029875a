export type NameValue = readonly [name: string, value: string];

/** The kind of the seed request. */
export type RequestKind =
  "query" | "mutation" | "batch" | "page" | "soft navigation" | "server action" | "file" | "foreign" | "raw";

export type BodyEncoding = "utf8" | "latin1" | "utf16" | "bom" | "gzip";

/**
 * A request with placeholders for values that are known only when it is sent: `{{access}}` is the access token of the user,
 * `{{access|flip:7}}` a tampered one.
 */
export interface FuzzRequest {
  kind: RequestKind;
  method: string;
  /** Sent unencoded. */
  path: string;
  /** Encoded when it is sent. */
  query: readonly NameValue[];
  headers: readonly NameValue[];
  body: string | null;
  encoding: BodyEncoding;
  /** The headers that announce the length of the body, possibly wrong. Null: correct ones are added. */
  framing: readonly NameValue[] | null;
  isChunked: boolean;
  /** Sends with fetch on a kept-alive connection, if fetch can express the request. */
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
