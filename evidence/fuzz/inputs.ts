import fc from "fast-check";
import { serializeInput, type Fields } from "./procedures";

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + "1" + close.repeat(depth);

/** Valid and invalid JSON values. */
const EDGE_CASE_VALUES = [
  ..."null true false 0 -0 1 1e999 -1e999 1e-400 9007199254740993 NaN undefined 0x10 [] {} [1] [[]]".split(" "),
  `1${"0".repeat(400)}`,
  `""`,
  `" "`,
  `"\\u0000"`,
  `"Ada\\u0000Moat"`,
  `"\\ud800"`,
  `"Ada \\udfff\\ud800 Moat"`,
  `"\\u202e\\u2028\\ufeff"`,
  `"\ud800"`,
  `"<svg/onload=1>"`,
  `"' or 1=1; -- "`,
  `"\\\\' or sleep(20) or \\\\'"`,
  `"${"a".repeat(5000)}"`,
  `"${"é".repeat(300)}"`,
  `"${"👩‍👩‍👧".repeat(60)}"`,
  `"{{email}}"`,
  `" {{email}}"`,
  `"{{bystander.email}}"`,
  `["{{email}}"]`,
  `"{{password}}"`,
  `{"$ne":null}`,
  `{"0":"a","length":1}`,
  `{"__proto__":{"isAdmin":true}}`,
  `{"constructor":{"prototype":{"isAdmin":true}}}`,
  `{"toString":null,"valueOf":1}`,
  `{"toJSON":"x","then":1}`,
  nested("[", "]", 2000),
  nested('{"a":', "}", 2000),
];
const EDGE_CASE_FIELDS = [
  "__proto__",
  "constructor",
  "toString",
  "then",
  "id",
  "userId",
  "role",
  "user_id",
  "0",
  "",
  "a".repeat(300),
];
const EDGE_CASE_INPUTS = [
  "",
  " ",
  "{",
  '"',
  "}",
  "{}{}",
  "null",
  "true",
  "[]",
  "[null]",
  "{}",
  '{"0":{}}',
  '{"0":{"json":{"email":"{{email}}"}}}',
  '{"json":{"email":"{{email}}"},"meta":{"values":{}}}',
  "\u0000",
  "\ufeff{}",
  "{'email':1}",
  `{"a":1,}`,
  "NaN",
  nested("[", "]", 30_000),
  nested('{"a":', "}", 9000),
  " ".repeat(60_000),
  `{"fullName":"${"a".repeat(70_000)}"}`,
];

const edgeCaseValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...EDGE_CASE_VALUES) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
);

/** A valid input, one with a changed field, or an arbitrary text, serialized. */
export function inputFor(fields: Fields | null): fc.Arbitrary<string> {
  const edgeCase = fc.oneof(fc.constantFrom(...EDGE_CASE_INPUTS), edgeCaseValue);
  const given = fields ?? [];
  const valid = fc.constantFrom(fields === null ? "" : serializeInput(given), serializeInput(given));
  const name = fc.constantFrom(...given.map(([one]) => one), ...EDGE_CASE_FIELDS);
  const oneEdgeCase = fc
    .tuple(name, edgeCaseValue, fc.constantFrom("replace", "add", "drop"))
    .map(([field, value, how]) => serializeInput(withField(given, field, value, how)));
  return fc.oneof(
    { weight: 5, arbitrary: valid },
    { weight: 4, arbitrary: oneEdgeCase },
    { weight: 1, arbitrary: edgeCase },
  );
}

function withField(fields: Fields, name: string, value: string, how: string): Fields {
  const others = how === "add" ? fields : fields.filter(([one]) => one !== name);
  return how === "drop" ? others : [...others, [name, value]];
}
