import fc from "fast-check";
import { withHeader, type Mutation, type NameValue } from "@/evidence/fuzz/fuzz-request";
import { mutateWithOneOf } from "./mutation";

const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PROPFIND",
  "QUERY",
  "post",
  "BREW",
];

/** A second request in the body of the first: a server that computes the body length differently would process it. */
export const SMUGGLED_REQUEST = "GET /smuggled HTTP/1.1\r\nHost: {{host}}\r\n\r\n";

const FRAMINGS: NameValue[][] = [
  [["Content-Length", "0"]],
  [["Content-Length", "-1"]],
  [["Content-Length", "+5"]],
  [["Content-Length", "5, 5"]],
  [["Content-Length", "0x10"]],
  [["Content-Length", "1e3"]],
  [["Content-Length", "99"]],
  [["Content-Length", "65537"]],
  [["Content-Length", "99999999999999999999"]],
  [
    ["Content-Length", "5"],
    ["Content-Length", "6"],
  ],
  [
    ["Content-Length", "5"],
    ["Transfer-Encoding", "chunked"],
  ],
  [
    ["Transfer-Encoding", "chunked"],
    ["Content-Length", "5"],
  ],
  [["Transfer-Encoding", "chunked"]],
  [["Transfer-Encoding", "Chunked"]],
  [["Transfer-Encoding", "chunked, identity"]],
  [["Transfer-Encoding", "identity, chunked"]],
  [["Transfer-Encoding", "gzip, chunked"]],
  [["Transfer-Encoding", "xchunked"]],
  [["Transfer-Encoding", " chunked"]],
  [
    ["Transfer-Encoding", "chunked"],
    ["Transfer-Encoding", "identity"],
  ],
  [["Transfer-Encoding\t", "chunked"]],
  [
    ["Transfer-Encoding ", "chunked"],
    ["Content-Length", "5"],
  ],
  [],
];

/** Changes the method, the encoding of the body, or its announced length. */
export const mutateBody: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: mutateWithOneOf(METHODS, (method) => (request) => ({ ...request, method })) },
  {
    weight: 2,
    arbitrary: mutateWithOneOf(["latin1", "utf16", "bom"] as const, (encoding) => (request) => ({
      ...request,
      encoding,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map((isDeclared): Mutation => (request) => ({
      ...(isDeclared ? withHeader(request, "Content-Encoding", "gzip") : request),
      encoding: "gzip",
    })),
  },
  { weight: 2, arbitrary: fc.constant<Mutation>((request) => ({ ...request, isChunked: true })) },
  {
    weight: 2,
    arbitrary: mutateWithOneOf(FRAMINGS, (framing) => (request) => ({
      ...request,
      framing,
      body: request.body ?? "{}",
    })),
  },
  {
    weight: 2,
    arbitrary: mutateWithOneOf(FRAMINGS, (framing) => (request) => ({
      ...request,
      framing,
      body: `${request.body ?? ""}0\r\n\r\n${SMUGGLED_REQUEST}`,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Mutation>((request) => ({ ...request, body: request.body === null ? "{}" : null })),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Mutation>((request) => ({ ...request, body: `{"typed":"${"{{typed}}".repeat(4000)}"}` })),
  },
);
