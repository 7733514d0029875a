import { SECRETS } from "./judge-secrets";

/** Number of characters that the estimator reads: enough for a strong secret, and fast. */
const MAX_LENGTH = 48;

/** Estimated number of guesses for each secret, as a power of ten. */
export async function estimateGuesses(source: Record<string, string | undefined>): Promise<Record<string, number>> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const estimator = new ZxcvbnFactory({ maxLength: MAX_LENGTH, dictionary, graphs: adjacencyGraphs });
  const named = SECRETS.flatMap((name) => (source[name] ? [[name, source[name]] as const] : []));
  return Object.fromEntries(named.map(([name, value]) => [name, estimator.check(value).guessesLog10]));
}
