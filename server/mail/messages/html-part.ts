import {
  AUTOMATIC,
  CODE_USES,
  CODE_WITHOUT_LINK,
  confirmPageOf,
  describeValidity,
  type Fact,
  type Letter,
  type LetterLink,
} from "./letter";
import { STYLE_SHEET, styled } from "./mail-styles";

const LAYOUT_TABLE = 'table role="presentation" cellpadding="0" cellspacing="0" border="0"';

/** Tables and inline styles: Outlook renders with Word, and several clients remove style sheets. */
export function renderHtml({ title, fullName, recipient, intro, facts, advice, link, otherwise }: Letter): string {
  return `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${escape(title)}</title>
<style>${STYLE_SHEET}</style>
</head>
<body ${styled("page")}>
<${LAYOUT_TABLE} width="100%" ${styled("ground")}><tr><td align="center" ${styled("margin")}>
<!--[if mso]><${LAYOUT_TABLE} width="560"><tr><td><![endif]-->
<div role="banner" ${styled("column")}>
<${LAYOUT_TABLE}><tr><td ${styled("arch")}></td><td ${styled("name")}>Portcullis</td></tr></table>
</div>
<${LAYOUT_TABLE} width="100%" ${styled("column")}><tr><td ${styled("card")}>
<div role="main">
<h1 ${styled("heading")}>${escape(title)}</h1>
<p ${styled("paragraph")}>${fullName === "" ? "Hello," : `Hello <bdi>${escape(fullName)}</bdi>,`}</p>
${paragraphs(intro)}
${factTable(facts)}
${paragraphs(advice)}
${link === null ? "" : buttonAndCode(link)}
${paragraphs(otherwise)}
${link === null ? "" : linkAsText(link)}
</div>
</td></tr></table>
<div role="contentinfo" ${styled("footer")}>
Portcullis, for <bdi>${escape(recipient)}</bdi><br>${AUTOMATIC}
</div>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</body>
</html>
`;
}

function paragraphs(texts: string[]): string {
  return texts.map((text) => `<p ${styled("paragraph")}>${escape(text)}</p>`).join("\n");
}

function factTable(facts: Fact[]): string {
  if (facts.length === 0) return "";
  const rows = facts.map(
    ([label, value]) =>
      `<tr><th scope="row" ${styled("factLabel")}>${escape(label)}</th><td ${styled("factValue")}><bdi>${escape(value)}</bdi></td></tr>`,
  );
  return `<table cellpadding="0" cellspacing="0" border="0" ${styled("facts")}>\n${rows.join("\n")}\n</table>`;
}

function buttonAndCode(link: LetterLink): string {
  return `<${LAYOUT_TABLE}><tr><td ${styled("button")}><a ${styled("buttonLabel")} href="${escape(link.url)}">${escape(link.label)}</a></td></tr></table>
<p ${styled("codeUse")}>${CODE_USES[link.needs]}</p>
<${LAYOUT_TABLE}><tr><td ${styled("code")}>${escape(link.code)}</td></tr></table>
<p ${styled("validity")}>${escape(describeValidity(link))}</p>`;
}

function linkAsText(link: LetterLink): string {
  const anchor = (url: string) => `<a ${styled("anchor")} href="${escape(url)}">${escape(url)}</a>`;
  return `<div ${styled("fallback")}>If the button does not work, open this link:<br>${anchor(link.url)}<br>or ${CODE_WITHOUT_LINK}<br>${anchor(confirmPageOf(link))}</div>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
