import { writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { atMost } from "@/evidence/bench/bars";
import type { Row } from "@/evidence/bench/bench";
import { BARE, TWINS } from "@/evidence/bench/build";
import { finding, kilobytes } from "@/evidence/bench/findings";
import { parcelsOf, parcelTable, scriptFiles } from "@/evidence/bench/page-parcels";
import { partsOf } from "@/evidence/bench/page-parts";
import { cookiesOf } from "@/evidence/bench/people";
import { USER_AGENT } from "@/evidence/bench/requests";
import { DATA } from "@/scripts/paths.mjs";

const PAGES = ["/login", "/register", "/maintenance", "/dashboard", "/dashboard/sessions", "/dashboard/account"];

interface Weight {
  document: number;
  scripts: Record<string, number>;
  script: number;
  style: number;
  other: number;
}

/** Bytes as they travel, packed, until a page needs nothing more; beside an empty page of the same framework. */
export const weight: Row = async ({ stage }, say) => {
  const { past } = await stage.few(say);
  const { port } = await stage.product(say);
  const { access, refresh } = await cookiesOf(0, past);
  const empty = await weigh((await stage.bare()).port, "/", "");
  const findings = [];
  for (const path of PAGES) {
    say(path);
    const page = await weigh(port, path, path.startsWith("/dashboard") ? `${access}; ${refresh}` : "");
    const total = page.document + page.script + page.style + page.other;
    findings.push(
      finding(`Script sent to ${path} above an empty page`, page.script - empty.script, {
        show: kilobytes,
        bar: path === "/login" ? atMost(25_000) : null,
        note: `style ${kilobytes(page.style)}, in all ${kilobytes(total)}`,
        detail: { page, empty },
      }),
    );
  }
  const twins = await weigh((await stage.twins(say)).port, "/login", "");
  const table = parcelTable(
    parcelsOf(scriptFiles(TWINS, Object.keys(twins.scripts))),
    parcelsOf(scriptFiles(BARE, Object.keys(empty.scripts))),
  );
  writeFileSync(join(DATA, "bench", "page-weight.md"), `${table}\n`);
  return [...findings, finding("Script of the empty page itself", empty.script, { show: kilobytes })];
};

async function weigh(port: number, path: string, cookies: string): Promise<Weight> {
  const page = await fetchPacked(port, path, cookies);
  const { scripts, styles, others } = partsOf(page.text);
  const bytesOf = async (address: string) => [address, (await fetchPacked(port, address, "")).bytes] as const;
  const script = Object.fromEntries(await Promise.all(scripts.map(bytesOf)));
  const sum = (bytes: number[]) => bytes.reduce((total, one) => total + one, 0);
  const sumOf = async (addresses: string[]) =>
    sum((await Promise.all(addresses.map(bytesOf))).map(([, bytes]) => bytes));
  return {
    document: page.bytes,
    scripts: script,
    script: sum(Object.values(script)),
    style: await sumOf(styles),
    other: await sumOf(others),
  };
}

/** `fetch` would unpack the body before it could be weighed. */
function fetchPacked(port: number, path: string, cookies: string): Promise<{ bytes: number; text: string }> {
  const headers = {
    "user-agent": USER_AGENT,
    "accept-encoding": "gzip",
    "sec-fetch-dest": path.includes("/_next/") ? "script" : "document",
    ...(cookies === "" ? {} : { cookie: cookies }),
  };
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(pieces);
        if (response.statusCode !== 200) return reject(new Error(`${path} was answered with ${response.statusCode}`));
        const isPacked = response.headers["content-encoding"] === "gzip";
        resolve({ bytes: body.length, text: (isPacked ? gunzipSync(body) : body).toString() });
      });
    }).on("error", reject);
  });
}
