import type { Row } from "./bench";
import type { RowName } from "./row-names";
import { call, page } from "./rows/twins";
import { statements } from "./rows/statements";
import { sessions } from "./rows/sessions";
import { logins } from "./rows/logins";
import { revocation } from "./rows/revocation";
import { weight } from "./rows/weight";
import { start } from "./rows/start";
import { memory } from "./rows/memory";
import { instances } from "./rows/instances";
import { types } from "./rows/types";

export const ROWS: Record<RowName, Row> = {
  call,
  page,
  statements,
  sessions,
  logins,
  revocation,
  weight,
  start,
  memory,
  instances,
  types,
};
