import localFont from "next/font/local";

/** No adjusted fallback here: it would come before the second file and draw "ł" and "ő" in another face. */
export const archivo = localFont({
  src: "../node_modules/@fontsource-variable/archivo/files/archivo-latin-wdth-normal.woff2",
  variable: "--font-archivo",
  weight: "100 900",
  style: "normal",
  display: "swap",
  adjustFontFallback: false,
  declarations: [{ prop: "font-stretch", value: "62% 125%" }],
});

/** Names of people need more letters than our own words do. Loaded only where one of them appears. */
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
