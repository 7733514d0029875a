import localFont from "next/font/local";

/** No adjusted fallback font: it would precede the second file and render "ł" and "ő" in another typeface. */
export const archivo = localFont({
  src: "../node_modules/@fontsource-variable/archivo/files/archivo-latin-wdth-normal.woff2",
  variable: "--font-archivo",
  weight: "100 900",
  style: "normal",
  display: "swap",
  adjustFontFallback: false,
  declarations: [{ prop: "font-stretch", value: "62% 125%" }],
});

/** Letters that occur only in user names; loaded only if one of them appears. */
export const archivoExtended = localFont({
  src: "../node_modules/@fontsource-variable/archivo/files/archivo-latin-ext-wdth-normal.woff2",
  variable: "--font-archivo-extended",
  weight: "100 900",
  style: "normal",
  display: "swap",
  preload: false,
  declarations: [
    { prop: "font-stretch", value: "62% 125%" },
    { prop: "unicode-range", value: "U+0100-02BA, U+1E00-1EFF, U+20A0-20C0" },
  ],
});
