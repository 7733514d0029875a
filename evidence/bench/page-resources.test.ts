import { expect, test } from "vitest";
import { resourcesOf } from "./page-resources";

test("page resources: scripts, styles, preloaded fonts and the icon, each once", () => {
  const html = `<!doctype html><head>
    <link rel="preload" href="/a.woff2" as="font" type="font/woff2" crossorigin="">
    <link rel="stylesheet" href="/a.css?x=1&amp;y=2" data-precedence="next"/>
    <link rel="preload" as="script" fetchPriority="low" href="/one.js"/>
    <link rel="icon" href="/icon.svg" type="image/svg+xml"/>
    <script src="/one.js" async="" nonce="n"></script><script src="/two.js" async=""></script>
    <script>inline("/not.js")</script></head>`;
  expect(resourcesOf(html)).toEqual({
    scripts: ["/one.js", "/two.js"],
    styles: ["/a.css?x=1&y=2"],
    others: ["/a.woff2", "/icon.svg"],
  });
});

test("page resources: nomodule scripts are ignored", () => {
  expect(
    resourcesOf('<script src="/old.js" noModule=""></script><script src="/nomodule.js"></script>').scripts,
  ).toEqual(["/nomodule.js"]);
});
