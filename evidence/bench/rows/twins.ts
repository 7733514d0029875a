import { atLeast } from "@/evidence/bench/bars";
import type { Bench, Row, Say } from "@/evidence/bench/bench";
import { compare, type Target } from "@/evidence/bench/compare";
import { finding, milliseconds, perSecond, type Finding } from "@/evidence/bench/findings";
import { cookiesOf, spread } from "@/evidence/bench/people";
import { document, query } from "@/evidence/bench/requests";

const SESSIONS = 100;
/** The twins may differ by their names, and by nothing that costs time. */
const BYTES_APART_AT_MOST = 0.01;

/** `auth.session` beside the same procedure left open. */
export const call: Row = (bench, say) =>
  besideTwin(bench, say, "call", (cookies, isOpen) => query(isOpen ? "twin.session" : "auth.session", cookies));

/** The dashboard beside the same page left open. */
export const page: Row = (bench, say) =>
  besideTwin(bench, say, "page", (cookies, isOpen) => document(isOpen ? "/twin-page" : "/dashboard", cookies));

async function besideTwin(
  bench: Bench,
  say: Say,
  name: string,
  request: (cookies: string, isOpen: boolean) => string,
): Promise<Finding[]> {
  const target = await twinTargets(bench, say, request);
  const { throughput, cpu, ours, other } = await compare(bench, target.ours, target.open, say);
  if (Math.abs(ours.bytes / other.bytes - 1) > BYTES_APART_AT_MOST) {
    throw new Error(`The twins are not alike: ${ours.bytes} bytes and ${other.bytes} of the open one`);
  }
  const rates = `${perSecond(ours.perSecond.median)} and ${perSecond(other.perSecond.median)}`;
  const detail = { throughput, cpu, ours, other };
  return [
    finding(`Protected ${name}, throughput beside its open twin`, throughput, {
      bar: atLeast(0.95, 0.75),
      note: rates,
      detail,
    }),
    finding(`Protected ${name}, processor time beside its open twin`, cpu, {
      note: `${ours.cpuMicroseconds.median.toFixed(0)} and ${other.cpuMicroseconds.median.toFixed(0)} µs`,
    }),
    finding(`Protected ${name}, p50 (open twin)`, ours.p50, { show: milliseconds, note: milliseconds(other.p50) }),
    finding(`Protected ${name}, p99 (open twin)`, ours.p99, { show: milliseconds, note: milliseconds(other.p99) }),
  ];
}

/** Both with the cookies of the same people. */
export async function twinTargets(
  { stage }: Bench,
  say: Say,
  request: (cookies: string, isOpen: boolean) => string,
): Promise<{ ours: Target; open: Target }> {
  const { sessions, past } = await stage.few(say);
  const { port, probe } = await stage.twins(say);
  const people = await Promise.all(spread(SESSIONS, sessions).map((ordinal) => cookiesOf(ordinal, past)));
  const cookies = people.map(({ access, refresh }) => `${access}; ${refresh}`);
  return {
    ours: { port, probe, requests: cookies.map((one) => request(one, false)) },
    open: { port, probe, requests: cookies.map((one) => request(one, true)) },
  };
}
