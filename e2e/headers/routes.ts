import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Values for dynamic segments, so that the request reaches an existing resource. */
const PARAMETER_VALUES: Record<string, string> = { "[trpc]": "auth.session" };

/** The path of every page, route handler and icon below `app`, read from the file tree so that new ones are included. */
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
  if (address === undefined) throw new Error(`Add a value for ${segment} to PARAMETER_VALUES in e2e/headers/routes.ts`);
  return address;
}
