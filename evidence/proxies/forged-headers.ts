import type { HeaderLines } from "@/evidence/http-client";

const FORGED = "203.0.113.9";

/** Headers with which a client may try to forge its address. */
export const FORGED_HEADERS: readonly (readonly [what: string, lines: HeaderLines])[] = [
  ["an address", [["X-Forwarded-For", FORGED]]],
  ["several addresses", [["X-Forwarded-For", `${FORGED}, 203.0.113.10, 127.0.0.1`]]],
  ["several lines", ["203.0.113.10", "203.0.113.11", FORGED].map((address) => ["x-forwarded-for", address] as const)],
  ["a trailing comma", [["X-Forwarded-For", `${FORGED},`]]],
  ["nothing but commas", [["X-Forwarded-For", ",,,"]]],
  ["an empty line", [["X-Forwarded-For", ""]]],
  ["ports and brackets", [["X-Forwarded-For", `${FORGED}:80, [2001:db8:bad::9]:443`]]],
  ["a mapped address", [["X-Forwarded-For", `::ffff:${FORGED}`]]],
  ["a zone", [["X-Forwarded-For", "fe80::9%lo"]]],
  ["unknown and hidden ones", [["X-Forwarded-For", "unknown, _hidden, localhost"]]],
  ["junk", [["X-Forwarded-For", `<script>;' or 1=1 --, 0x7f.1, 1e9, ${FORGED}/32`]]],
  ["hundreds of entries", [["X-Forwarded-For", `${FORGED},`.repeat(500) + FORGED]]],
  [
    "a hop-by-hop header",
    [
      ["Connection", "close, X-Forwarded-For"],
      ["X-Forwarded-For", FORGED],
    ],
  ],
  ["Forwarded", [["Forwarded", `for=${FORGED};host=evil.test;proto=http`]]],
  [
    "other names",
    ["X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Portcullis-Address", "X_Forwarded_For"].map(
      (name) => [name, FORGED] as const,
    ),
  ],
  [
    "a host, port and scheme",
    [
      ["X-Forwarded-Host", "evil.test"],
      ["X-Forwarded-Port", "1"],
      ["X-Forwarded-Proto", "http"],
    ],
  ],
];
