import fc from "fast-check";

const FACTOR = Number(process.env.PROPERTY_RUNS ?? 1);
const SHRINKING_SECONDS = 90;

/** Long enough to shrink a failing sample. */
export const TIMEOUT = (SHRINKING_SECONDS + 30 * FACTOR) * 1000;

/**
 * Checks `property` on the known samples first, then on random ones: `count` in all, or as many as fit into `seconds`.
 * PROPERTY_RUNS multiplies both. A failing sample is shrunk and reported with its seed; PROPERTY_SEED repeats a run.
 */
export async function assertForAll<Sample>(
  samples: fc.Arbitrary<Sample>,
  property: (sample: Sample) => Promise<void>,
  { count, seconds, known = [] }: { count: number; seconds: number; known?: Sample[] },
): Promise<void> {
  const deadline = performance.now() + seconds * FACTOR * 1000;
  let isShrinking = false;
  const asyncProperty = fc.asyncProperty(samples, async (sample) => {
    if (performance.now() > deadline && !isShrinking) return;
    await property(sample).catch((error: unknown) => {
      isShrinking = true;
      throw error;
    });
  });
  await fc.assert(asyncProperty, {
    examples: known.map((sample): [Sample] => [sample]),
    numRuns: Math.ceil(count * FACTOR),
    interruptAfterTimeLimit: TIMEOUT - 10_000,
    ...(process.env.PROPERTY_SEED ? { seed: Number(process.env.PROPERTY_SEED) } : {}),
  });
}
