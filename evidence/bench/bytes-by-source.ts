export interface RawSourceMap {
  sources?: (string | null)[];
  mappings?: string;
  sections?: { offset: { line: number; column: number }; map: RawSourceMap }[];
}

interface Segment {
  line: number;
  column: number;
  /** Null for code of the bundler. */
  source: string | null;
}

const BUNDLER = "";

/** Characters of a bundle by source, from its source map (ECMA-426). Code without a source counts for "". */
export function bytesBySource(bundle: string, map: RawSourceMap): Map<string, number> {
  const bytes = new Map<string, number>();
  const add = (source: string | null, count: number) => {
    if (count > 0) bytes.set(source ?? BUNDLER, (bytes.get(source ?? BUNDLER) ?? 0) + count);
  };
  const byLine = new Map<number, Segment[]>();
  for (const segment of segmentsOf(map, 0, 0)) {
    const segments = byLine.get(segment.line);
    if (segments === undefined) byLine.set(segment.line, [segment]);
    else segments.push(segment);
  }
  bundle.split("\n").forEach((text, line) => {
    const segments = (byLine.get(line) ?? []).sort((one, other) => one.column - other.column);
    add(BUNDLER, segments[0]?.column ?? text.length);
    segments.forEach(({ column, source }, index) => {
      add(source, Math.min(segments[index + 1]?.column ?? text.length, text.length) - column);
    });
  });
  return bytes;
}

function* segmentsOf(map: RawSourceMap, line: number, column: number): Generator<Segment> {
  for (const { offset, map: inner } of map.sections ?? []) {
    yield* segmentsOf(inner, line + offset.line, offset.line === 0 ? column + offset.column : offset.column);
  }
  let sourceAt = 0;
  for (const [index, text] of (map.mappings ?? "").split(";").entries()) {
    let at = 0;
    for (const segment of text.split(",").filter((one) => one !== "")) {
      const [columns = 0, sources] = decodeVlq(segment);
      at += columns;
      sourceAt += sources ?? 0;
      yield {
        line: line + index,
        column: at + (index === 0 ? column : 0),
        source: sources === undefined ? null : (map.sources?.[sourceAt] ?? null),
      };
    }
  }
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 VLQ: five bits per digit, lowest first; the sixth bit marks continuation, the lowest bit of the value is the sign. */
function decodeVlq(text: string): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    values.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return values;
}
