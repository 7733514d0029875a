import { ADVICE } from "./csp-advice";
import { SOURCES, type Rule } from "./scanner-rule";
import { RULES } from "./scanner-rules";

/** evidence/scanners/scanners.md, whole. */
export function scannersReport(): string {
  return [
    "# What outside scanners say",
    `The rules of three scanners, and what each says of a sign-in page, a call and a sign-in's cookies. \`evidence/scanners/scanners.spec.ts\` asks on
loopback, \`evidence/scanners/https.spec.ts\` with an https \`APP_ORIGIN\`; a header that changes changes an answer, and the test goes red. HTTP Observatory's
score comes to **135** on https: 100 and 35 of extra credit, 5 of them for the cookies that a scan without a sign-in does not see. What a scan of a real host adds (the redirect from http, the certificate, the
preload list) is the deployment's, and not in it.`,
    `Sources: ${Object.entries(SOURCES)
      .map(([name, url]) => `[${name}](${url})`)
      .join(
        ", ",
      )}, [CSP Evaluator](https://csp-evaluator.withgoogle.com/). The first two are judged by our own reading of their published code
(github.com/mdn/mdn-http-observatory, github.com/OWASP/www-project-secure-headers); the third is run as it is published. Observatory's own code,
version 1.4.8, was given the same headers once and said the same, 130 points without cookies; it is no part of the tests, because its installation loads lists from elsewhere.
Made by \`npm run asvs -- --write\`.`,
    ...(Object.keys(SOURCES) as Rule["source"][]).map(section),
    [
      "## CSP Evaluator\n",
      "It finds no weakness. It advises, and we do not follow:\n",
      ...Object.entries(ADVICE).map(([finding, because]) => `- \`${finding}\`: ${because}`),
    ].join("\n"),
  ]
    .join("\n\n")
    .concat("\n");
}

function section(source: Rule["source"]): string {
  const rows = RULES.filter((rule) => rule.source === source).map(
    ({ rule, expected, expectedOnHttp, points, reason }) =>
      `| ${[rule, expected, expectedOnHttp ?? "the same", points ?? "", reason ?? ""].join(" | ")} |`,
  );
  return [
    `## ${source}\n`,
    "| rule | answer on https | on loopback, http | points | because |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
