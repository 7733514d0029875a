import { describe, expect, test } from "vitest";
import { renderMessage } from "./render-message";
import { EXAMPLES, READER, WITHOUT_LINK, withUserValues } from "./testing";

describe.each(EXAMPLES)("message $kind", (message, link) => {
  const { subject, text, html } = renderMessage(message, READER, link);

  test("has the same title in subject, text and HTML", () => {
    expect(subject).toMatch(/^[A-Z][a-z -]+$/i);
    expect(subject.length).toBeLessThanOrEqual(60);
    expect(text.split("\n")[0]).toBe(subject);
    expect(html).toContain(`<title>${subject}</title>`);
    expect(html).toMatch(new RegExp(`<h1 [^>]*>${subject}</h1>`));
  });

  test("both parts contain every value, and times in UTC", () => {
    const { kind, occasion, ...values } = { occasion: undefined, ...message };
    const shown = [READER.fullName, READER.email];
    if (occasion !== undefined) shown.push("Firefox on Linux", "203.0.113.7");
    for (const value of Object.values(values)) if (!/^\d{4}-/.test(value)) shown.push(value);
    for (const value of shown) {
      expect(text, `${kind}: ${value}`).toContain(value);
      expect(html, `${kind}: ${value}`).toContain(value);
    }
    const instants = JSON.stringify(message).match(/\d{4}-\d\d-\d\dT/g) ?? [];
    expect(text.match(/^[\w ]+: +\d+ (November|December) 2026\D+14:03 UTC$/gm) ?? []).toHaveLength(instants.length);
    expect(html.match(/<bdi>\d+ (November|December) 2026\D+14:03 UTC<\/bdi>/g) ?? []).toHaveLength(instants.length);
  });

  test("says what to do if the reader did not cause it", () => {
    expect(text.replace(/\s+/g, " ")).toMatch(
      /If (this was not you|that was not you|you did not|this is not your account)/,
    );
  });

  test("every line of the text has at most 78 characters, except a link alone on its line", () => {
    expect(longLinesOf(text)).toEqual([]);
    expect(text).not.toMatch(/\n{3}|[ \t]\n|undefined|null|\[object/);
  });

  test("the HTML loads nothing and runs nothing", () => {
    expect(html).not.toMatch(/<(script|img|link|iframe|object|embed|form|input|svg|video|audio|base)\b/i);
    expect(html).not.toMatch(/\bsrc=|\bon\w+=|url\(|@import|@font-face|javascript:|http-equiv/i);
    expect(Buffer.byteLength(html), "Gmail cuts mails at 102 KB").toBeLessThan(20_000);
  });

  test("is refused with a link that it has no sentence for, or without the one that it needs", () => {
    const other = link === null ? EXAMPLES[0]![1] : null;
    expect(() => renderMessage(message, READER, other)).toThrow(message.kind);
    expect(WITHOUT_LINK.includes(message.kind)).toBe(link === null);
  });
});

test.each(EXAMPLES.filter(([, link]) => link !== null))(
  "message $kind has its link as button and as text, its code, and how long they are valid",
  (message, link) => {
    const { text, html } = renderMessage(message, READER, link);
    expect(text.split("\n")).toContain(link!.url);
    expect(text.split("\n")).toContain("https://app.example.com/confirm");
    expect(text).toContain(`\n    ${link!.code}\n`);
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
    expect(hrefs).toEqual([link!.url, link!.url, "https://app.example.com/confirm"]);
    expect(html).toContain(`>${link!.url}</a>`);
    expect(html).toContain(`>${link!.code}</td>`);
    for (const part of [text.replaceAll("\n", " "), html])
      expect(part).toMatch(/valid until 30 November 2026\D+14:03 UTC and work once/);
  },
);

test.each(EXAMPLES.filter(([, link]) => link === null))("message $kind has no link", (message, link) => {
  const { text, html } = renderMessage(message, READER, link);
  expect(text).not.toContain("http");
  expect(html).not.toMatch(/href|http/);
});

const MARKUP = [
  "<script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  "<!--[if mso]><b>x</b><![endif]-->",
  "&lt;b&gt; &amp; &#60;",
  "`${process.env.SESSION_SECRET}`",
  "</bdi></td></tr></table><h1>Urgent</h1>",
  "$& $1 $' $`",
];

const CONTROLS = [
  "Ada\r\nBcc: everyone@example.test",
  "Ada\nSubject: other\n\nbody",
  "Ada\u2028line\u2029paragraph\u0085next",
  "Ada \u202Emoc.elpmaxe\u202C",
  "\u2066Ada\u2069 \u2067Ada\u2069 \u200FAda\u200E \u061CAda",
  "Ada\0\u0007\u001B[31m\u007F",
  "\uD800Ada\uDFFF",
];

describe.each(EXAMPLES)("user values in message $kind", (message, link) => {
  const expected = renderMessage(message, READER, link);

  test.each([...MARKUP, ...CONTROLS])("add no header, line or element: %j", (value) => {
    const rendered = renderMessage(withUserValues(message, value), { fullName: value, email: value }, link);
    expect(rendered.subject).toBe(expected.subject);
    expect(rendered.html.match(/<[^>]*>/g)).toEqual(expected.html.match(/<[^>]*>/g));
    expect(paragraphsOf(rendered.text)).toBe(paragraphsOf(expected.text));
    for (const part of Object.values(rendered)) {
      expect(part.isWellFormed()).toBe(true);
      expect(part).not.toMatch(/[\0-\x09\x0B-\x1F\x7F-\x9F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/);
    }
  });

  test.each([
    ["254 octets without a blank", "x".repeat(254)],
    ["a hundred emoji", "\u{1F600}".repeat(100)],
    ["many words", "a b ".repeat(60)],
    ["Arabic", "محمد بن موسى"],
    ["Hebrew", "שם@דוגמה.test"],
  ])("keep the lines short: %s", (_, value) => {
    const { text } = renderMessage(withUserValues(message, value), { fullName: value, email: value }, link);
    expect(longLinesOf(text)).toEqual([]);
    expect(text.isWellFormed()).toBe(true);
  });
});

test("a reader whose name has no visible character is greeted without a name", () => {
  const { text, html } = renderMessage(EXAMPLES[0]![0], { ...READER, fullName: "\u202E \n" }, EXAMPLES[0]![1]);
  expect(text).toContain("\nHello,\n");
  expect(html).toContain(">Hello,</p>");
});

/** The number of paragraphs: user values may lengthen one, but not add one. */
function paragraphsOf(text: string): number {
  return text.split("\n\n").length;
}

function longLinesOf(text: string): string[] {
  return text.split("\n").filter((line) => [...line].length > 78 && !/^https:\S+$/.test(line));
}
