import type { Claim } from "./claim";
import requirements from "./requirements.json";
import { CONFIGURATION } from "./v13-configuration";
import { DATA } from "./v14-data";
import { LOGGING } from "./v16-logging";
import { WEB_FRONTEND } from "./v3-web-frontend";
import { AUTHENTICATION } from "./v6-authentication";
import { SESSIONS } from "./v7-sessions";
import { AUTHORIZATION } from "./v8-authorization";
import { TOKENS } from "./v9-tokens";

export type Level = 1 | 2 | 3;

export interface Chapter {
  number: string;
  name: string;
  /** The requirements of the source, by level. */
  requirements: Record<Level, string[]>;
  claims: Claim[];
}

const CLAIMS: Record<keyof typeof requirements.chapters, Claim[]> = {
  "3": WEB_FRONTEND,
  "6": AUTHENTICATION,
  "7": SESSIONS,
  "8": AUTHORIZATION,
  "9": TOKENS,
  "13": CONFIGURATION,
  "14": DATA,
  "16": LOGGING,
};

export const SOURCE = requirements.source;

export const CHAPTERS: Chapter[] = Object.entries(requirements.chapters).map(([number, { name, ...levels }]) => ({
  number,
  name,
  requirements: levels,
  claims: CLAIMS[number as keyof typeof CLAIMS],
}));

/** The level of a requirement; undefined if the standard has no such number. */
export function levelOf({ requirements }: Chapter, number: string): Level | undefined {
  return ([1, 2, 3] as const).find((level) => requirements[level].includes(number));
}
