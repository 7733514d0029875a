import { SECRETS } from "./judge-secrets";

/** The estimator looks at this many characters: more than the longest that is needed, and quick. */
const MAX_LENGTH = 48;

/** How many guesses each secret takes, as a power of ten, by words, patterns and repetitions. */
export async function estimateGuesses(source: Record<string, string | undefined>): Promise<Record<string, number>> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  const estimator = new ZxcvbnFactory({ maxLength: MAX_LENGTH, dictionary, graphs: adjacencyGraphs });
  const named = SECRETS.flatMap((name) => (source[name] ? [[name, source[name]] as const] : []));
  return Object.fromEntries(named.map(([name, value]) => [name, estimator.check(value).guessesLog10]));
}
