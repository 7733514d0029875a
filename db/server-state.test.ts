import { describe, expect, test } from "vitest";
import { consistencyStatements, judgeServerState, readVariables } from "./server-state";

const MARIADB = { read_only: "OFF", innodb_read_only: "OFF", wsrep_on: "OFF", wsrep_sync_wait: "0" };
const MYSQL = { read_only: "OFF", innodb_read_only: "OFF" };
const GALERA = { ...MARIADB, wsrep_on: "ON" };
const SYNCED = { wsrep_ready: "ON", wsrep_local_state_comment: "Synced" };

describe("server state", () => {
  test.each([
    ["MariaDB", MARIADB, {}],
    ["MySQL", MYSQL, {}],
    ["a server whose variables were selected", { read_only: "0", innodb_read_only: "0" }, {}],
    ["a synced Galera node", GALERA, SYNCED],
    // The status of a server whose Galera provider is not loaded.
    ["MariaDB without Galera", MARIADB, { wsrep_ready: "OFF", wsrep_local_state_comment: "Initialized" }],
  ])("server state: %s is used", (_, variables, status) => {
    for (const isOnlyServer of [true, false]) expect(judgeServerState(variables, status, isOnlyServer)).toBeNull();
  });

  test.each([
    ["a replica", { ...MARIADB, read_only: "ON" }, {}],
    ["a replica", { ...MYSQL, read_only: "1" }, {}],
    // MariaDB 12 has more values than ON and OFF.
    ["a replica", { ...MARIADB, read_only: "NO_LOCK" }, {}],
    ["a server started read-only", { ...MYSQL, innodb_read_only: "ON" }, {}],
    ["a read-only Galera node", { ...GALERA, read_only: "ON" }, SYNCED],
    ["a Galera node in a minority", GALERA, { wsrep_ready: "OFF", wsrep_local_state_comment: "Initialized" }],
    ["a Galera node without status", GALERA, {}],
  ])("server state: %s is not used, even if it is the only server", (_, variables, status) => {
    for (const isOnlyServer of [true, false]) {
      expect(judgeServerState(variables, status, isOnlyServer)).toMatch(/^(is read-only|does not belong)/);
    }
  });

  test("server state: a Galera node that lags as a donor is used only if it is the only server", () => {
    const donor = { ...SYNCED, wsrep_local_state_comment: "Donor/Desynced" };
    expect(judgeServerState(GALERA, donor, true)).toBeNull();
    expect(judgeServerState(GALERA, donor, false)).toMatch("Donor/Desynced");
  });
});

test("server state: a known server is asked for what can change, a lagging Galera node by a statement that does not wait", () => {
  for (const variables of [{}, GALERA]) expect(readVariables(variables)).toMatch(/^show /);
  for (const variables of [MARIADB, MYSQL]) expect(readVariables(variables)).toMatch(/^select /);
});

describe("consistency of reads", () => {
  test.each<[Record<string, string>, string[]]>([
    [MYSQL, []],
    [MARIADB, []],
    [GALERA, ["set session wsrep_sync_wait = 3, @is_galera_node = 1"]],
    [{ ...GALERA, wsrep_sync_wait: "6" }, ["set session wsrep_sync_wait = 7, @is_galera_node = 1"]],
    [
      { ...MYSQL, group_replication_consistency: "EVENTUAL" },
      ["set session group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER'"],
    ],
    [{ ...MYSQL, group_replication_consistency: "BEFORE_AND_AFTER" }, []],
  ])("consistency of reads: with %j each connection runs %j", (variables, statements) => {
    expect(consistencyStatements(variables)).toEqual(statements);
  });
});
