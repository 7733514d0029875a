import type { Lab } from "@/evidence/fault-lab/lab";
import type { Stack } from "@/evidence/fault-lab/stack";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import type { Node } from "./servers/node";

export type Say = (detail: string) => void;

/** What a set-up may ask for while its incident takes place. */
export interface Incident {
  lab: Lab;
  stack: Stack;
  say: Say;
  /** Resolves when every browser has this many generations more than now. */
  browsersRotate: (times: number) => Promise<void>;
  /** Compares the newest token of every browser with the row of its session on this server. */
  countTokensAhead: (server: Server) => Promise<void>;
}

/** The servers of a set-up, and what happens to them. */
export interface Setup {
  /** The node of each instance. */
  nodes: readonly [Node, Node];
  /** All servers, in the order in which DATABASE_URL names them. */
  all: readonly Node[];
  /** From then on, commits may be lost. */
  beginLag?: () => Promise<void>;
  /** The event and its end: afterwards the instances reach the database that has survived. Returns the number of commits lost. */
  happen: (incident: Incident) => Promise<number>;
  /** In the long form, when no browser is at work any more. */
  afterwards?: (lab: Lab, say: Say) => Promise<void>;
  /** What the servers need before the next set-up uses them. */
  repair?: () => Promise<void>;
  /** Instances that are connected to a node without service for as long as the event lasts. */
  cutOff?: readonly number[];
}

export interface SetupDescription {
  title: string;
  /** Whether commits are lost; the run fails if it is otherwise. */
  losesCommits: boolean;
  /** DATABASE_URL of each instance names all servers; otherwise one name, which leads to another server after the event. */
  namesAllServers?: boolean;
  /** Set-ups with the same servers share them. */
  servers: "pair" | "single" | "galera" | "group";
}
