/** The colours of app/globals.css, in the notation that mail clients know. */
const LIGHT = {
  ground: "#f0f4ef",
  raised: "#fbfcfa",
  ink: "#162521",
  quiet: "#4b5953",
  line: "#cbd3cd",
  accent: "#006150",
  onAccent: "#f6fcf8",
  wash: "#d7ece3",
};
const DARK: typeof LIGHT = {
  ground: "#0d1413",
  raised: "#141e1d",
  ink: "#e4ece5",
  quiet: "#a0ada5",
  line: "#283532",
  accent: "#6fd4b6",
  onAccent: "#041a16",
  wash: "#192f2a",
};

const FONT = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONOSPACE = "ui-monospace,Menlo,Consolas,monospace";

const stylesOf = (colour: typeof LIGHT) => ({
  page: `margin:0; padding:0; width:100%; background-color:${colour.ground}; -webkit-text-size-adjust:100%`,
  ground: `background-color:${colour.ground}; color:${colour.ink}`,
  margin: `padding:28px 12px 40px; font:16px/1.55 ${FONT}`,
  column: "width:100%; max-width:560px; text-align:left",
  // The bars of the logo are gradients, because images are not shown before the reader allows them.
  arch: `width:28px; height:27px; border-radius:14px 14px 0 0; background-color:${colour.accent}; background-image:${bars(colour.onAccent)}; background-position:7px 9px,7px 15px,7px 6px,13px 4px,19px 6px; background-size:14px 2px,14px 2px,2px 15px,2px 18px,2px 15px; background-repeat:no-repeat`,
  name: `padding-left:10px; color:${colour.ink}; font:600 19px/27px ${FONT}; letter-spacing:-0.2px`,
  card: `padding:32px 28px 28px; border:1px solid ${colour.line}; border-radius:3px; background-color:${colour.raised}; color:${colour.ink}; font:16px/1.55 ${FONT}; text-align:left; overflow-wrap:anywhere`,
  heading: `margin:0 0 20px; color:${colour.ink}; font:600 24px/1.2 ${FONT}; letter-spacing:-0.3px; text-wrap:balance`,
  paragraph: `margin:0 0 18px; color:${colour.ink}; font:16px/1.55 ${FONT}`,
  facts: `width:100%; margin:0 0 20px; border-top:1px solid ${colour.line}; border-bottom:1px solid ${colour.line}`,
  factLabel: `width:96px; padding:6px 16px 6px 0; color:${colour.quiet}; font:15px/1.5 ${FONT}; text-align:left; vertical-align:top; white-space:nowrap`,
  factValue: `padding:6px 0; color:${colour.ink}; font:600 15px/1.5 ${FONT}; text-align:left; vertical-align:top; overflow-wrap:anywhere`,
  // Outlook ignores the padding of links, and knows the padding of the cell by a name of its own.
  button: `border-radius:3px; background-color:${colour.accent}; text-align:center; mso-padding-alt:12px 22px`,
  buttonLabel: `display:inline-block; padding:12px 22px; border-radius:3px; background-color:${colour.accent}; color:${colour.onAccent}; font:600 16px/1.25 ${FONT}; text-decoration:none`,
  codeUse: `margin:24px 0 10px; color:${colour.ink}; font:16px/1.55 ${FONT}`,
  code: `padding:10px 18px; border-radius:3px; background-color:${colour.wash}; color:${colour.ink}; font:600 22px/1.3 ${MONOSPACE}; letter-spacing:2px; white-space:nowrap`,
  validity: `margin:10px 0 18px; color:${colour.quiet}; font:14px/1.5 ${FONT}`,
  fallback: `margin:24px 0 0; padding:18px 0 0; border-top:1px solid ${colour.line}; color:${colour.quiet}; font:14px/1.5 ${FONT}`,
  anchor: `color:${colour.accent}; text-decoration:underline; word-break:break-all`,
  footer: `max-width:560px; padding:16px 4px 0; color:${colour.quiet}; font:14px/1.5 ${FONT}; text-align:left; overflow-wrap:anywhere`,
});

function bars(colour: string): string {
  return Array(5).fill(`linear-gradient(${colour},${colour})`).join(",");
}

const LIGHT_STYLES = stylesOf(LIGHT);
const DARK_STYLES = stylesOf(DARK);

/** The class is for the dark theme; inline styles are all that some clients keep. */
export function styled(name: keyof typeof LIGHT_STYLES): string {
  return `class="${name}" style="${LIGHT_STYLES[name]}"`;
}

/** The declarations that differ in the dark theme, which must override the inline ones. */
const darkRules = Object.entries(LIGHT_STYLES).flatMap(([name, light]) => {
  const dark = DARK_STYLES[name as keyof typeof LIGHT_STYLES].split("; ");
  const differing = dark.filter((declaration, at) => declaration !== light.split("; ")[at]);
  return differing.length === 0 ? [] : [`.${name} { ${differing.map((one) => `${one} !important`).join("; ")} }`];
});

export const STYLE_SHEET = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (max-width: 480px) {
.card { padding: 24px 18px !important }
.factLabel { display: block; width: auto !important; padding: 8px 0 0 !important }
.factValue { display: block; padding: 0 0 8px !important }
}
@media (prefers-color-scheme: dark) {
${darkRules.join("\n")}
}
`;
