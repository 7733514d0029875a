/** What `--only` takes, in the order of the table. */
export const ROW_NAMES = [
  "call",
  "page",
  "statements",
  "sessions",
  "logins",
  "revocation",
  "weight",
  "start",
  "memory",
  "instances",
  "types",
] as const;

export type RowName = (typeof ROW_NAMES)[number];
