import { AUTOMATIC, CODE_USES, CODE_WITHOUT_LINK, confirmPageOf, describeValidity, type Letter } from "./letter";
import { STYLE_SHEET, styled } from "./mail-styles";

/** Tables and inline styles: Outlook renders with Word, and several clients remove style sheets. */
export function renderHtml({ title, fullName, recipient, intro, facts, advice, link, otherwise }: Letter): string {
  const paragraphs = (texts: string[]) =>
    texts.map((text) => `<p ${styled("paragraph")}>${escape(text)}</p>`).join("\n");
  const anchor = (url: string) => `<a ${styled("anchor")} href="${escape(url)}">${escape(url)}</a>`;
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
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" ${styled("ground")}><tr><td align="center" ${styled("margin")}>
<!--[if mso]><table role="presentation" width="560" cellpadding="0" cellspacing="0"><tr><td><![endif]-->
<div role="banner" ${styled("column")}>
${LOGO}
</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" ${styled("column")}><tr><td ${styled("card")}>
<div role="main">
<h1 ${styled("heading")}>${escape(title)}</h1>
<p ${styled("paragraph")}>${fullName === "" ? "Hello," : `Hello <bdi>${escape(fullName)}</bdi>,`}</p>
${paragraphs(intro)}
${facts.length === 0 ? "" : `<table cellpadding="0" cellspacing="0" border="0" ${styled("facts")}>\n${facts.map(factRow).join("\n")}\n</table>`}
${paragraphs(advice)}
${
  link === null
    ? ""
    : `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td ${styled("button")}><a ${styled("buttonLabel")} href="${escape(link.url)}">${escape(link.label)}</a></td></tr></table>
<p ${styled("codeUse")}>${CODE_USES[link.needs]}</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td ${styled("code")}>${escape(link.code)}</td></tr></table>
<p ${styled("validity")}>${escape(describeValidity(link))}</p>`
}
${paragraphs(otherwise)}
${
  link === null
    ? ""
    : `<div ${styled("fallback")}>If the button does not work, open this link:<br>${anchor(link.url)}<br>or ${CODE_WITHOUT_LINK}<br>${anchor(confirmPageOf(link))}</div>`
}
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

const LOGO = `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td ${styled("arch")}></td><td ${styled("name")}>Portcullis</td></tr></table>`;

function factRow([label, value]: [string, string]): string {
  return `<tr><th scope="row" ${styled("factLabel")}>${escape(label)}</th><td ${styled("factValue")}><bdi>${escape(value)}</bdi></td></tr>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
