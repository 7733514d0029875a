import requirements from "./requirements.json";
import configuration from "./v13-configuration.json";
import data from "./v14-data.json";
import logging from "./v16-logging.json";
import webFrontend from "./v3-web-frontend.json";
import authentication from "./v6-authentication.json";
import sessions from "./v7-sessions.json";
import authorization from "./v8-authorization.json";
import tokens from "./v9-tokens.json";

export type Level = 1 | 2 | 3;

/** A claim about one requirement. Evidence is "file: text": in a test file the text is the full title, or the row, of a test. */
export interface Claim {
  /** As in ASVS 5.0.0, without the V. */
  number: string;
  /** The requirement, paraphrased. */
  requirement: string;
  /** The evidence that the requirement is met. */
  met?: string[];
  note?: string;
  /** What it would take to meet the requirement. */
  notMet?: string;
  /** The evidence for what is already met. */
  evidence?: string[];
  /** The reason. */
  notApplicable?: string;
}

export interface Chapter {
  number: string;
  name: string;
  /** The requirements of the source, by level. */
  requirements: Record<Level, string[]>;
  claims: Claim[];
}

const CLAIMS: Record<keyof typeof requirements.chapters, Claim[]> = {
  "3": webFrontend,
  "6": authentication,
  "7": sessions,
  "8": authorization,
  "9": tokens,
  "13": configuration,
  "14": data,
  "16": logging,
};

export const SOURCE = requirements.source;

export const CHAPTERS: Chapter[] = Object.entries(requirements.chapters).map(([number, { name, ...levels }]) => ({
  number,
  name,
  requirements: { 1: numbers(levels[1]), 2: numbers(levels[2]), 3: numbers(levels[3]) },
  claims: CLAIMS[number as keyof typeof CLAIMS],
}));

function numbers(list: string): string[] {
  return list === "" ? [] : list.split(" ");
}

/** The level of a requirement; undefined if the standard has no such number. */
export function levelOf({ requirements }: Chapter, number: string): Level | undefined {
  return ([1, 2, 3] as const).find((level) => requirements[level].includes(number));
}

export function verdictOf({ notMet, notApplicable }: Claim): "met" | "not met" | "not applicable" {
  return notMet !== undefined ? "not met" : notApplicable !== undefined ? "not applicable" : "met";
}

/** The cited files, each with the text that it must contain. */
export function evidenceOf({ met, evidence }: Claim): { file: string; text: string }[] {
  return [...(met ?? []), ...(evidence ?? [])].map((citation) => {
    const [file = "", ...rest] = citation.split(": ");
    return { file, text: rest.join(": ") };
  });
}
