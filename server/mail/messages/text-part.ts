import { AUTOMATIC, CODE_USES, CODE_WITHOUT_LINK, confirmPageOf, describeValidity, type Letter } from "./letter";

/** RFC 5322, section 2.1.1. */
const LINE_LENGTH = 78;
const LABEL_LENGTH = 14;

/** Every line has at most 78 characters, except that of a link, which must not be broken. */
export function renderText({ title, fullName, recipient, intro, facts, advice, link, otherwise }: Letter): string {
  const paragraphs = [
    `${title}\n${"=".repeat(title.length)}`,
    wrap(fullName === "" ? "Hello," : `Hello ${fullName},`),
    ...intro.map((text) => wrap(text)),
    facts.map(([label, value]) => wrap(value, `${label}:`.padEnd(LABEL_LENGTH))).join("\n"),
    ...advice.map((text) => wrap(text)),
    ...(link === null
      ? []
      : [`${link.label}:\n${link.url}`, `${CODE_USES[link.needs]}\n\n    ${link.code}`, wrap(describeValidity(link))]),
    ...otherwise.map((text) => wrap(text)),
    link === null ? "" : `${wrap(`If the link does not work, ${CODE_WITHOUT_LINK}`)}\n${confirmPageOf(link)}`,
    `--\n${wrap(`Portcullis, for ${recipient}`)}\n${AUTOMATIC}`,
  ];
  return paragraphs.filter((text) => text !== "").join("\n\n") + "\n";
}

/** Breaks at blanks, and inside a word only if it is longer than a line. `label` precedes the first line and indents the others. */
function wrap(text: string, label = ""): string {
  const width = LINE_LENGTH - label.length;
  const lines: string[] = [];
  for (const word of text.split(" ").flatMap((whole) => chunksOf(whole, width))) {
    const joined = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines.map((line, at) => (at === 0 ? label : " ".repeat(label.length)) + line).join("\n");
}

/** Between code points, not inside a surrogate pair. */
function chunksOf(word: string, width: number): string[] {
  return word.match(new RegExp(`.{1,${width}}`, "gu")) ?? [];
}
