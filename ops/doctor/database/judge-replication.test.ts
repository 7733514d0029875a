import { describe, expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import type { ExaminedServer } from "./examined-server";
import { judgeReplication } from "./judge-replication";
import type { ReplicationFacts } from "./replication-facts";

type Changes = Partial<Omit<ReplicationFacts, "variables" | "status">> & {
  variables?: Record<string, string>;
  status?: Record<string, string>;
  offset?: number;
};

function reached(address: string, { variables, status, offset = 0, ...changes }: Changes = {}): ExaminedServer {
  const replication: ReplicationFacts = {
    variables: {
      version: "11.8.8-MariaDB-log",
      read_only: "OFF",
      innodb_read_only: "OFF",
      log_bin: "ON",
      sync_binlog: "1",
      ...variables,
    },
    status: { Slaves_connected: "0", ...status },
    wsrepSyncWait: undefined,
    replica: null,
    memberState: null,
    grants: ["GRANT USAGE ON *.* TO `app`@`%`", "GRANT ALL PRIVILEGES ON `portcullis`.* TO `app`@`%`"],
    ...changes,
  };
  return { kind: "reached", address, replication, offset: { milliseconds: offset, bound: 5 } };
}

const SEMI_SYNC: Changes = {
  variables: {
    rpl_semi_sync_master_enabled: "ON",
    rpl_semi_sync_master_timeout: "3600000",
    rpl_semi_sync_master_wait_point: "AFTER_SYNC",
  },
  status: { Rpl_semi_sync_master_status: "ON", Rpl_semi_sync_master_clients: "1" },
};
const MYSQL_SEMI_SYNC: Changes = {
  variables: {
    version: "9.7.0",
    rpl_semi_sync_source_enabled: "ON",
    rpl_semi_sync_source_timeout: "3600000",
    rpl_semi_sync_source_wait_point: "AFTER_SYNC",
  },
  status: { Rpl_semi_sync_source_status: "ON", Rpl_semi_sync_source_clients: "1" },
};
const REPLICA: Changes = { variables: { read_only: "ON" }, replica: { secondsBehind: 0 } };
const GALERA: Changes = {
  variables: { wsrep_on: "ON", log_bin: "OFF" },
  status: {
    wsrep_ready: "ON",
    wsrep_cluster_status: "Primary",
    wsrep_cluster_size: "3",
    wsrep_cluster_state_uuid: "e93fdb82",
    wsrep_local_state_comment: "Synced",
  },
  wsrepSyncWait: "3",
};
const MEMBER: Changes = {
  variables: {
    version: "9.7.0",
    group_replication_group_name: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
    group_replication_single_primary_mode: "ON",
    group_replication_member_expel_timeout: "0",
    group_replication_unreachable_majority_timeout: "5",
  },
  memberState: "ONLINE",
};

/** `changes` override those of `base`, variable by variable. */
function merge(base: Changes, changes: Changes): Changes {
  return {
    ...base,
    ...changes,
    variables: { ...base.variables, ...changes.variables },
    status: { ...base.status, ...changes.status },
  };
}

test.each([
  ["one server without copies", [reached("one")]],
  ["a semi-synchronous primary and its replica", [reached("one", SEMI_SYNC), reached("two", REPLICA)]],
  [
    "the same on MySQL",
    [reached("one", MYSQL_SEMI_SYNC), reached("two", merge(REPLICA, { variables: { version: "9.7.0" } }))],
  ],
  ["three Galera nodes", ["one", "two", "three"].map((address) => reached(address, GALERA))],
  ["one Galera node", [reached("one", GALERA)]],
  [
    "a replication group",
    [reached("one", MEMBER), reached("two", merge(MEMBER, { variables: { read_only: "ON" }, replica: null }))],
  ],
])("fail-over: %s is healthy", (_, servers) => {
  const group = judgeReplication(servers);
  expect(idsOf(group)).toEqual([]);
  expect(group.healthy).toMatch(/^(one server, without copies|\d servers?; accepting writes: one)/);
});

describe("fail-over: an asynchronous or semi-synchronous primary", () => {
  test.each<[string, Changes, string[]]>([
    ["without semi-synchronous replication", {}, ["! semi-sync-off"]],
    [
      "whose semi-synchronous replication fell back",
      merge(SEMI_SYNC, { status: { Rpl_semi_sync_master_status: "OFF" } }),
      ["✗ semi-sync-without-replica"],
    ],
    [
      "that no replica confirms",
      merge(SEMI_SYNC, { status: { Rpl_semi_sync_master_clients: "0" } }),
      ["✗ semi-sync-without-replica"],
    ],
    [
      "of MySQL that no replica confirms",
      merge(MYSQL_SEMI_SYNC, {
        variables: { version: "11.8.8-MariaDB" },
        status: { Rpl_semi_sync_source_clients: "0" },
      }),
      ["✗ semi-sync-without-replica"],
    ],
    [
      "that gives up after the default time",
      merge(SEMI_SYNC, { variables: { rpl_semi_sync_master_timeout: "10000" } }),
      ["! semi-sync-timeout"],
    ],
    [
      "that shows commits too early",
      merge(SEMI_SYNC, { variables: { rpl_semi_sync_master_wait_point: "AFTER_COMMIT" } }),
      ["! semi-sync-wait-point"],
    ],
    ["whose binary log is not durable", merge(SEMI_SYNC, { variables: { sync_binlog: "0" } }), ["! binlog-not-synced"]],
  ])("fail-over: a primary %s: %j", (_, changes, ids) => {
    expect(idsOf(judgeReplication([reached("one", changes), reached("two", REPLICA)]))).toEqual(ids);
  });

  test("fail-over: a replica that DATABASE_URL does not name is noticed by its connection", () => {
    expect(idsOf(judgeReplication([reached("one", { status: { Slaves_connected: "1" } })]))).toEqual([
      "! semi-sync-off",
    ]);
  });
});

test.each<[string, Changes, string[]]>([
  ["seconds behind", { replica: { secondsBehind: 20 } }, ["! replica-behind"]],
  ["minutes behind", { replica: { secondsBehind: 61 } }, ["✗ replica-behind"]],
  ["stopped", { replica: { secondsBehind: null } }, ["✗ replication-stopped"]],
  ["writable", { variables: { read_only: "OFF" } }, ["✗ replica-writable", "! semi-sync-off", "✗ several-writable"]],
])("fail-over: a replica that is %s: %j", (_, changes, ids) => {
  expect(idsOf(judgeReplication([reached("one", SEMI_SYNC), reached("two", merge(REPLICA, changes))]))).toEqual(ids);
});

test.each<[string, Changes, string[]]>([
  ["without a majority", { status: { wsrep_cluster_status: "non-Primary" } }, ["✗ galera-no-majority"]],
  ["not ready", { status: { wsrep_ready: "OFF" } }, ["✗ galera-no-majority"]],
  ["that lags", { status: { wsrep_local_state_comment: "Donor/Desynced" } }, ["! galera-not-synced"]],
  ["in a cluster of two", { status: { wsrep_cluster_size: "2" } }, ["! galera-too-small"]],
  ["whose connections do not wait", { wsrepSyncWait: "0" }, ["✗ connection-wsrep-sync-wait"]],
  ["whose connections wait before writes only", { wsrepSyncWait: "6" }, ["✗ connection-wsrep-sync-wait"]],
  ["whose connections wait before reads only", { wsrepSyncWait: "1" }, ["✗ connection-wsrep-sync-wait"]],
])("fail-over: a Galera node %s: %j", (_, changes, ids) => {
  expect(idsOf(judgeReplication([reached("one", GALERA), reached("two", merge(GALERA, changes))]))).toEqual(ids);
});

test.each<[string, Changes, string[]]>([
  ["in an error state", { memberState: "ERROR" }, ["✗ group-member-state"]],
  [
    "with several primaries",
    { variables: { group_replication_single_primary_mode: "OFF" } },
    ["✗ group-multi-primary"],
  ],
  [
    "that is slow to expel others",
    { variables: { group_replication_member_expel_timeout: "5" } },
    ["! group-expel-timeout"],
  ],
  [
    "that waits without a majority",
    { variables: { group_replication_unreachable_majority_timeout: "0" } },
    ["! group-minority-waits"],
  ],
])("fail-over: a group member %s: %j", (_, changes, ids) => {
  expect(idsOf(judgeReplication([reached("one", merge(MEMBER, changes))]))).toEqual(ids);
});

describe("fail-over: several servers", () => {
  test.each([
    "GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION",
    "GRANT SELECT, SUPER ON *.* TO `app`@`%`",
    "GRANT READ_ONLY ADMIN ON *.* TO `app`@`%`",
    "GRANT CONNECTION_ADMIN ON *.* TO `app`@`%`",
  ])("fail-over: an account that may write to a read-only server is reported: %s", (grant) => {
    const servers = [reached("one", SEMI_SYNC), reached("two", { ...REPLICA, grants: [grant] })];
    expect(idsOf(judgeReplication(servers))).toEqual(["! may-write-read-only"]);
    expect(idsOf(judgeReplication([reached("one", { grants: [grant] })]))).toEqual([]);
  });

  test("fail-over: a server that cannot be reached is named", () => {
    const down: ExaminedServer = { kind: "unreachable", address: "two:3306", message: "connect ECONNREFUSED" };
    const group = judgeReplication([reached("one", SEMI_SYNC), down]);
    expect(idsOf(group)).toEqual(["! server-unreachable"]);
    expect(group.findings[0]?.says).toContain("two:3306");
    expect(judgeReplication([down]).skipped).toBeDefined();
  });

  test("fail-over: two Galera nodes of different clusters accept writes independently", () => {
    const other = merge(GALERA, { status: { wsrep_cluster_state_uuid: "other" } });
    expect(idsOf(judgeReplication([reached("one", GALERA), reached("two", other)]))).toEqual(["✗ several-writable"]);
  });

  test("fail-over: different versions are reported", () => {
    const servers = [
      reached("one", SEMI_SYNC),
      reached("two", merge(REPLICA, { variables: { version: "10.11.19-MariaDB" } })),
    ];
    expect(idsOf(judgeReplication(servers))).toEqual(["! versions-differ"]);
  });

  test.each([
    [1000, []],
    [1100, ["! server-clocks-differ"]],
    [-1100, ["! server-clocks-differ"]],
  ])("fail-over: clocks that differ by %i ms, each known to 5 ms: %j", (offset, ids) => {
    expect(idsOf(judgeReplication([reached("one", SEMI_SYNC), reached("two", { ...REPLICA, offset })]))).toEqual(ids);
  });
});
