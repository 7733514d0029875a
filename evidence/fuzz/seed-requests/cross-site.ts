import fc from "fast-check";
import type { FuzzRequest, NameValue } from "@/evidence/fuzz/fuzz-request";
import { inputFor } from "@/evidence/fuzz/inputs";
import { baseRequest, SESSION_COOKIES } from "./base-request";
import { procedure } from "./calls";
import { PAGES } from "./pages";

/** Headers of requests that a page of another site can trigger in a signed-in browser. */
const CROSS_SITE_HEADERS: readonly NameValue[][] = [
  [["Origin", "https://evil.test"]],
  [["Origin", "null"]],
  [],
  [["Sec-Fetch-Site", "cross-site"]],
  [["Sec-Fetch-Site", "same-site"]],
  [["Origin", "{{origin}}.evil.test"]],
  [["Origin", "{{origin}}/"]],
  [["Origin", "http://localhost"]],
  [["Origin", "{{origin}}, https://evil.test"]],
  [
    ["Origin", "https://evil.test"],
    ["Sec-Fetch-Site", "same-origin"],
  ],
  [
    ["Origin", "https://evil.test"],
    ["X-Forwarded-Host", "evil.test"],
    ["Referer", "{{origin}}/"],
  ],
];
const FORM_TYPES = [
  "application/json",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/x-www-form-urlencoded",
  "text/plain; application/json",
];

export const crossSite: fc.Arbitrary<FuzzRequest> = procedure.chain(({ name, input }) =>
  fc
    .tuple(
      inputFor(input),
      fc.constantFrom(...CROSS_SITE_HEADERS),
      fc.constantFrom(...FORM_TYPES),
      fc.constantFrom("POST", "POST", "GET"),
    )
    .map(([written, origin, type, method]) => {
      const cookie: NameValue = ["Cookie", "__acc={{bystander.access}}; __ref={{bystander.refresh}}"];
      const request = baseRequest("foreign", method, `/api/trpc/${name}`, [...origin, cookie]);
      if (method === "GET") return { ...request, query: [["input", written] as const] };
      return { ...request, headers: [...request.headers, ["Content-Type", type] as const], body: written };
    }),
);

/** A same-origin form post that is not JSON: no procedure may run. */
export const sameOriginForm: fc.Arbitrary<FuzzRequest> = crossSite.map((request) => ({
  ...request,
  headers: [
    ...request.headers.filter(([name]) => !/^(origin|sec-fetch-site|content-type)$/i.test(name)),
    ["Origin", "{{origin}}"] as const,
    ["Content-Type", "multipart/form-data; boundary=x"] as const,
  ],
}));

/** A call of a server action; the app has none. */
export const serverAction: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.constantFrom(...PAGES),
    fc.constantFrom("7f0000000000000000000000000000000000000000", "x", "__proto__", "constructor", ""),
    fc.constantFrom("text/plain;charset=UTF-8", "multipart/form-data; boundary=x", "application/json"),
    fc.constantFrom(
      "[]",
      '["$K1"]',
      '--x\r\nContent-Disposition: form-data; name="$ACTION_ID_x"\r\n\r\n\r\n--x--\r\n',
      '[{"__proto__":1}]',
    ),
  )
  .map(([path, id, type, body]) => {
    const headers: NameValue[] = [
      ["Next-Action", id],
      ["Content-Type", type],
      ["Origin", "{{origin}}"],
      ["Cookie", SESSION_COOKIES],
    ];
    return { ...baseRequest("server action", "POST", path, headers), body };
  });
