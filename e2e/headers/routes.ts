import { readdirSync } from "node:fs";
import { join } from "node:path";

/** What stands in the place of a parameter, so that a route with one is met with something it knows. */
const PARAMETER_VALUES: Record<string, string> = { "[trpc]": "auth.session" };

/** The address of every page, route handler and picture below `app`, as the file tree has them: a new one is found by itself. */
export function routesIn(app: string): string[] {
  const routes = readdirSync(app, { recursive: true, encoding: "utf8" }).flatMap((path) => {
    const segments = path.split(/[\\/]/);
    const file = segments.pop() ?? "";
    const shown = segments.filter((segment) => !/^\(.+\)$/.test(segment)).map(segmentPath);
    if (/^(page|route)\.tsx?$/.test(file)) return [`/${shown.join("/")}`];
    return /^(favicon|icon|apple-icon|robots|sitemap|manifest)\.(ico|svg|png|jpg|txt|xml|webmanifest)$/.test(file)
      ? [`/${join(...shown, file)}`]
      : [];
  });
  return [...new Set(routes)].sort();
}

function segmentPath(segment: string): string {
  if (!segment.startsWith("[")) return segment;
  const address = PARAMETER_VALUES[segment];
  if (address === undefined) throw new Error(`Say in e2e/headers/routes.ts what may stand for ${segment}`);
  return address;
}
