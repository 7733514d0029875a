export interface PageResources {
  scripts: string[];
  styles: string[];
  /** Preloaded fonts and icons. */
  others: string[];
}

/** URLs that a browser fetches with a document, without duplicates and without nomodule scripts. */
export function resourcesOf(html: string): PageResources {
  const tags = [...html.matchAll(/<(script|link)\b([^>]*)>/gi)].map(([, tag, rest]) => ({
    tag: tag!.toLowerCase(),
    read: (name: string) => new RegExp(`\\b${name}="([^"]*)"`, "i").exec(rest!)?.[1]?.replaceAll("&amp;", "&"),
    isFor: (name: string) => new RegExp(`\\b${name}\\b`, "i").test(rest!.replace(/"[^"]*"/g, "")),
  }));
  const scripts = new Set<string>();
  const styles = new Set<string>();
  const others = new Set<string>();
  for (const { tag, read, isFor } of tags) {
    const address = read("src") ?? read("href");
    if (address === undefined || address.startsWith("data:")) continue;
    const kind = tag === "script" ? "script" : read("rel") === "stylesheet" ? "style" : read("as");
    if (tag === "script" && isFor("nomodule")) continue;
    if (kind === "script") scripts.add(address);
    else if (kind === "style") styles.add(address);
    else if (kind !== undefined || read("rel") === "icon") others.add(address);
  }
  return { scripts: [...scripts], styles: [...styles], others: [...others] };
}
