import fc from "fast-check";

const FACTOR = Number(process.env.PROPERTY_RUNS ?? 1);
const SHRINKING_SECONDS = 90;

/** Long enough to shrink a failure to something that can be read. */
export const TIMEOUT = (SHRINKING_SECONDS + 30 * FACTOR) * 1000;

/**
 * Tries `property` on the known samples first, on `count` samples in all, or as many as fit into `seconds`; PROPERTY_RUNS multiplies both. What fails is made
 * as small as possible, and named with a seed and a path: PROPERTY_SEED plays the same samples again.
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
