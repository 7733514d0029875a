import { readFileSync } from "node:fs";
import { parseEnv as parseDotEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { parseEnv } from "./env";

const REQUIRED = {
  DATABASE_URL: "mysql://root@localhost/portcullis",
  APP_ORIGIN: "https://app.example.com",
  SESSION_SECRET: "s".repeat(32),
  JWT_ACCESS_SECRET: "a".repeat(32),
  ENCRYPTION_SECRET: "e".repeat(32),
};
const FILE = parseDotEnv(readFileSync(".env.example", "utf8")) as Record<string, string>;
/** As `npm start` completes it: DATABASE_URL depends on the machine, so the file has no sample for it. */
const EXAMPLE: Record<string, string> = { ...FILE, DATABASE_URL: "mysql://root@127.0.0.1/portcullis" };

type Source = Record<string, string | undefined>;

/** The lines of the error message that name the invalid variables. */
function problemsOf(changes: Source): string[] {
  try {
    parseEnv({ ...REQUIRED, ...changes });
  } catch (error) {
    return (error as Error).message.split("\n").slice(1);
  }
  return [];
}

describe("required variables", () => {
  test.each(Object.keys(REQUIRED))("env: %s missing or empty is reported by name", (name) => {
    expect(problemsOf({ [name]: undefined })).toEqual([`  ${name} is missing`]);
    expect(problemsOf({ [name]: "" })).toEqual([`  ${name} is missing`]);
  });

  test("env: all missing variables are reported together", () => {
    const all = Object.fromEntries(Object.keys(REQUIRED).map((name) => [name, undefined]));
    expect(problemsOf(all)).toEqual(Object.keys(REQUIRED).map((name) => `  ${name} is missing`));
  });

  test("env: no secret has a default in any environment", () => {
    for (const NODE_ENV of ["development", "production", "test"]) {
      const secrets = ["SESSION_SECRET", "JWT_ACCESS_SECRET", "ENCRYPTION_SECRET"];
      const without = Object.fromEntries(secrets.map((name) => [name, undefined]));
      const problems = problemsOf({ NODE_ENV, MAIL: "off", ...without });
      expect(problems).toEqual(secrets.map((name) => `  ${name} is missing`));
    }
  });

  test("env: the other variables have the documented defaults", () => {
    expect(parseEnv(REQUIRED)).toEqual({
      ...REQUIRED,
      NODE_ENV: "development",
      ACCESS_TOKEN_SECONDS: 600,
      REFRESH_BEFORE_EXPIRY_SECONDS: 60,
      REFRESH_GRACE_SECONDS: 30,
      REFRESH_TOKEN_SECONDS: 604_800,
      SESSION_MAX_SECONDS: 2_592_000,
      IP_VALIDATION: true,
      AGENT_VALIDATION: true,
      TRUSTED_PROXY_HOPS: 0,
      PASSWORD_MIN_LENGTH: 10,
      RATE_LIMIT_FACTOR: 1,
      REQUIRE_VERIFIED_EMAIL: false,
      CORS_ORIGINS: [],
      API_AUDIENCES: [],
      LOG_LEVEL: "info",
      PORT: 3000,
    });
  });
});

/** Accepted as numbers by JavaScript or people, but ambiguous. */
const NOT_DIGITS = ["1e3", "0x10", "0b11", " 20 ", "20 ", "+20", "020", "2_0", "1,5", "٢٠", " ", "null"];

describe("invalid values", () => {
  test.each<[string, string[]]>([
    [
      "DATABASE_URL",
      [
        "postgres://localhost/x",
        "localhost:3306",
        "file:///x",
        " mysql://x",
        "mysql://root:s3cret@localhost",
        "mysql://root:s3cret@localhost/x?ssl-mode=PREFERRED",
        "mysql://root:a#b@localhost/x",
      ],
    ],
    [
      "APP_ORIGIN",
      [
        "app.example.com",
        "https://app.example.com/path",
        "https://app.example.com?x",
        "https://user@app.example.com",
        "https://app.example.com//",
        "HTTPS://APP.example.com",
        "https://app.example.com:443",
        "http://app.example.com",
        "http://192.168.1.7:3000",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "http://[::2]",
        "ftp://localhost",
        "javascript:alert(1)",
        "null",
        "*",
      ],
    ],
    ["SESSION_SECRET", ["short", "x".repeat(31)]],
    ["JWT_ACCESS_SECRET", ["short", "x".repeat(31)]],
    ["ENCRYPTION_SECRET", ["short", "x".repeat(31)]],
    ["SESSION_SECRET_PREVIOUS", ["short", "x".repeat(31)]],
    ["JWT_ACCESS_SECRET_PREVIOUS", ["short", "x".repeat(31)]],
    ["ENCRYPTION_SECRET_PREVIOUS", ["short", "x".repeat(31)]],
    ["ACCESS_TOKEN_SECONDS", ["0", "-600", "ten", "600s", "1.5", "Infinity", "NaN", "86401", ...NOT_DIGITS]],
    ["REFRESH_BEFORE_EXPIRY_SECONDS", ["0", "-1", "x", "86401", ...NOT_DIGITS]],
    ["REFRESH_GRACE_SECONDS", ["0", "-1", "x", "3601", ...NOT_DIGITS]],
    ["REFRESH_TOKEN_SECONDS", ["0", "-1", "7d", "34560001", "9999999999", ...NOT_DIGITS]],
    ["SESSION_MAX_SECONDS", ["0", "-1", "30d", "34560001", "999999999999", "9".repeat(400), ...NOT_DIGITS]],
    ["IP_VALIDATION", ["yes", "1", "TRUE", "0"]],
    ["AGENT_VALIDATION", ["no", "off", "False"]],
    ["TRUSTED_PROXY_HOPS", ["-1", "1.5", "11", "all", ...NOT_DIGITS]],
    ["PASSWORD_MIN_LENGTH", ["7", "65", "ten", "9999999999", ...NOT_DIGITS]],
    ["RATE_LIMIT_FACTOR", ["0", "-1", "off", "Infinity", "0.05", "1000001", "9999999999", ".5", "1.", ...NOT_DIGITS]],
    ["CORS_ORIGINS", ["*", "null", "https://a.example/path", "https://a.example,evil", "http://a.example"]],
    [
      "API_AUDIENCES",
      [
        "billing",
        "ftp://a.example",
        "https://",
        "https://a.example/#x",
        "https://a b.example",
        `https://${"a".repeat(193)}`,
      ],
    ],
    ["LOG_LEVEL", ["loud", "INFO"]],
    ["PORT", ["-1", "65536", "http", "3000.5", ...NOT_DIGITS]],
    ["HOST", ["*", "example.com", "127.0.0.1:3000", "127.0.0", " ::1", "[localhost]x", "http://localhost"]],
    ["NODE_ENV", ["prod", "staging"]],
    [
      "SMTP_URL",
      [
        "mail.example.com",
        "mail.example.com:587",
        "http://mail.example.com",
        "smtp://",
        "smtp:mail.example.com",
        "smtps://mail.example.com/path",
        "smtps://mail.example.com?tls=no",
        "smtps://mail.example.com#x",
        "smtps://mail.example.com:0",
        "smtps://mail.example.com:99999",
        "smtps://user@mail.example.com",
        "smtps://:s3cret@mail.example.com",
        "smtps://user:s3cret%@mail.example.com",
        "smtps://user:s3#cret@mail.example.com",
        " smtps://mail.example.com",
        "smtps://mail.example.com ",
        "smtps://mail.example.com\r\n",
      ],
    ],
    [
      "MAIL_FROM",
      [
        "no-reply",
        "no-reply@",
        "@app.example",
        "a@b@app.example",
        "no reply@app.example",
        "Portcullis no-reply@app.example",
        "Portcullis <no-reply@app.example",
        "<no-reply@app.example> Portcullis",
        "a@app.example, b@app.example",
        "Portcullis <a@app.example>, <b@app.example>",
        "Portcullis\r\nBcc: eve@evil.test <a@app.example>",
        "a@app.example\r\nBcc: eve@evil.test",
        `${"x".repeat(65)}@app.example`,
        "no-reply@-app.example",
        "no-reply@[192.0.2.1]",
      ],
    ],
    ["MAIL", ["on", "files", "OFF", "false"]],
  ])("env: an invalid %s is reported without its value", (name, values) => {
    const rest = { SMTP_URL: "smtps://mail.example.com", MAIL_FROM: "no-reply@app.example" };
    for (const value of values) {
      const problems = problemsOf({ ...rest, [name]: value });
      expect(problems, `${name}=${value}`).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^  ${name} `));
      if (name.includes("SECRET") || value.includes("s3cret")) expect(problems[0]).not.toContain(value);
    }
  });

  test("env: the message for an invalid number states the allowed range and format", () => {
    expect(problemsOf({ SESSION_MAX_SECONDS: "999999999999" })).toEqual([
      "  SESSION_MAX_SECONDS must be an integer from 1 to 34560000 (seconds), written in decimal digits",
    ]);
    expect(problemsOf({ RATE_LIMIT_FACTOR: "x" })).toEqual([
      "  RATE_LIMIT_FACTOR must be a number from 0.1 to 1000000, written in decimal digits",
    ]);
  });

  test("env: an invalid value does not hide a contradiction between others", () => {
    expect(
      problemsOf({ PORT: "x", REFRESH_GRACE_SECONDS: "600", SESSION_SECRET_PREVIOUS: REQUIRED.SESSION_SECRET }),
    ).toEqual([
      expect.stringMatching("PORT"),
      expect.stringMatching("must all differ"),
      expect.stringMatching("REFRESH_GRACE_SECONDS \\(600\\) must be less than ACCESS_TOKEN_SECONDS \\(600\\)"),
    ]);
    expect(problemsOf({ ACCESS_TOKEN_SECONDS: "x", REFRESH_GRACE_SECONDS: "600" })).toHaveLength(1);
  });

  test("env: the minimum and maximum values are valid", () => {
    const least = { ACCESS_TOKEN_SECONDS: "2", REFRESH_BEFORE_EXPIRY_SECONDS: "1", REFRESH_GRACE_SECONDS: "1" };
    const most = {
      ACCESS_TOKEN_SECONDS: "86400",
      REFRESH_BEFORE_EXPIRY_SECONDS: "86399",
      REFRESH_GRACE_SECONDS: "3600",
    };
    const lives = { REFRESH_TOKEN_SECONDS: "34560000", SESSION_MAX_SECONDS: "34560000" };
    for (const changes of [
      least,
      { ...most, ...lives },
      { RATE_LIMIT_FACTOR: "0.1" },
      { RATE_LIMIT_FACTOR: "1000000" },
    ])
      expect(problemsOf(changes)).toEqual([]);
    for (const HOST of ["localhost", "127.0.0.1", "0.0.0.0", "::", "::1", "192.168.1.7"])
      expect(parseEnv({ ...REQUIRED, HOST }).HOST).toBe(HOST);
    expect(parseEnv({ ...REQUIRED, HOST: "[::1]" }).HOST).toBe("::1");
  });

  test("env: several invalid variables are reported one per line", () => {
    expect(problemsOf({ PORT: "x", LOG_LEVEL: "loud", APP_ORIGIN: undefined })).toHaveLength(3);
  });
});

describe("contradictions", () => {
  test.each<[string, Source]>([
    ["one secret for both kinds of token", { SESSION_SECRET: "x".repeat(32), JWT_ACCESS_SECRET: "x".repeat(32) }],
    ["a token secret that encrypts, too", { ENCRYPTION_SECRET: REQUIRED.SESSION_SECRET }],
    ["a previous secret that is the current one", { SESSION_SECRET_PREVIOUS: REQUIRED.SESSION_SECRET }],
    ["a previous access secret that signs refresh tokens", { JWT_ACCESS_SECRET_PREVIOUS: REQUIRED.SESSION_SECRET }],
    [
      "one previous secret for both",
      { SESSION_SECRET_PREVIOUS: "p".repeat(32), JWT_ACCESS_SECRET_PREVIOUS: "p".repeat(32) },
    ],
    ["a refresh threshold as long as the access token lifetime", { REFRESH_BEFORE_EXPIRY_SECONDS: "600" }],
    ["a grace window as long as the access token lifetime", { REFRESH_GRACE_SECONDS: "600" }],
    ["an access token that outlives its refresh token", { REFRESH_TOKEN_SECONDS: "600" }],
    ["an idle limit beyond the absolute one", { SESSION_MAX_SECONDS: "604799" }],
    ["a verified email that is required without mail", { REQUIRE_VERIFIED_EMAIL: "true", MAIL: "off" }],
  ])("env: reports %s", (_, changes) => {
    expect(problemsOf(changes)).toHaveLength(1);
  });

  test.each<[string, Source]>([
    [
      "thresholds one second below their limits",
      { REFRESH_BEFORE_EXPIRY_SECONDS: "599", REFRESH_GRACE_SECONDS: "599" },
    ],
    ["an idle limit equal to the absolute one", { SESSION_MAX_SECONDS: "604800" }],
    [
      "lifetimes of seconds, for tests",
      {
        ACCESS_TOKEN_SECONDS: "3",
        REFRESH_BEFORE_EXPIRY_SECONDS: "1",
        REFRESH_GRACE_SECONDS: "2",
        REFRESH_TOKEN_SECONDS: "5",
        SESSION_MAX_SECONDS: "9",
      },
    ],
    [
      "six secrets, all different",
      {
        SESSION_SECRET_PREVIOUS: "p".repeat(32),
        JWT_ACCESS_SECRET_PREVIOUS: "q".repeat(32),
        ENCRYPTION_SECRET_PREVIOUS: "r".repeat(32),
      },
    ],
  ])("env: accepts %s", (_, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });
});

test("env: APP_ORIGIN is https, or http on loopback", () => {
  for (const origin of ["https://app.example.com", "https://app.example.com:8443", "http://localhost:3000"]) {
    expect(parseEnv({ ...REQUIRED, APP_ORIGIN: origin }).APP_ORIGIN).toBe(origin);
  }
  for (const origin of ["http://localhost", "http://127.0.0.1:4000", "http://127.9.9.9", "http://[::1]:3000"]) {
    expect(parseEnv({ ...REQUIRED, APP_ORIGIN: `${origin}/` }).APP_ORIGIN).toBe(origin);
  }
});

test("env: API_AUDIENCES is a comma-separated list of URLs, each as it is written", () => {
  const API_AUDIENCES = " https://a.example.com/ ,https://B.example.com/api,, ";
  expect(parseEnv({ ...REQUIRED, API_AUDIENCES }).API_AUDIENCES).toEqual([
    "https://a.example.com/",
    "https://B.example.com/api",
  ]);
});

test("env: CORS_ORIGINS is a comma-separated list, without white space and empty entries", () => {
  const CORS_ORIGINS = " https://a.example.com , https://b.example.com,, ";
  expect(parseEnv({ ...REQUIRED, CORS_ORIGINS }).CORS_ORIGINS).toEqual([
    "https://a.example.com",
    "https://b.example.com",
  ]);
});

describe("mail", () => {
  const SMTP_URL = "smtps://mail.example.com";
  const MAIL_FROM = "no-reply@app.example";
  const production = { NODE_ENV: "production" };
  const folder = { PORTCULLIS_MAIL_FOLDER: "/data/mail" };
  const local = { APP_ORIGIN: "http://localhost:3000" };

  test.each<[string, Source]>([
    ["a server and a sender, in production", { ...production, SMTP_URL, MAIL_FROM }],
    ["MAIL=off, in production", { ...production, MAIL: "off" }],
    ["MAIL=off with a sender", { ...production, MAIL: "off", MAIL_FROM }],
    ["nothing, outside production", {}],
    ["nothing, in tests", { NODE_ENV: "test" }],
    ["a folder of our scripts, on localhost", { ...production, ...folder, ...local }],
    ["a folder, on 127.0.0.1", { ...production, ...folder, APP_ORIGIN: "http://127.0.0.1:3000" }],
    [
      "a folder, on a name of this machine",
      { ...production, ...folder, APP_ORIGIN: "https://portcullis.localhost:8443" },
    ],
  ])("env: accepts %s", (_, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });

  const MISSING = "SMTP_URL and MAIL_FROM are missing: set both, or MAIL=off to run without mail";
  test.each<[string, Source, string]>([
    ["nothing, in production", production, MISSING],
    ["nothing, in production on localhost", { ...production, ...local }, MISSING],
    ["a folder, in production on a public origin", { ...production, ...folder }, MISSING],
    [
      "a folder, on a name like one of this machine",
      { ...production, ...folder, APP_ORIGIN: "https://localhost.evil.test" },
      MISSING,
    ],
    [
      "a server without a sender",
      { SMTP_URL },
      "MAIL_FROM is missing: mail needs SMTP_URL and MAIL_FROM, or neither of them and MAIL=off",
    ],
    [
      "a sender without a server",
      { MAIL_FROM },
      "SMTP_URL is missing: mail needs SMTP_URL and MAIL_FROM, or neither of them and MAIL=off",
    ],
    [
      "a server although mail is off",
      { SMTP_URL, MAIL_FROM, MAIL: "off" },
      "MAIL is off, but SMTP_URL is set: remove one of them",
    ],
  ])("env: refuses %s", (_, changes, problem) => {
    expect(problemsOf(changes)).toEqual([`  ${problem}`]);
  });

  test.each([
    ["smtps://mail.example.com", { host: "mail.example.com", port: 465, tls: "implicit", login: null }],
    ["smtp://mail.example.com", { host: "mail.example.com", port: 587, tls: "starttls", login: null }],
    ["smtp://mail.example.com:25/", { host: "mail.example.com", port: 25, tls: "starttls", login: null }],
    ["smtp://localhost:1025", { host: "localhost", port: 1025, tls: "none", login: null }],
    ["smtp://127.0.0.1:1025", { host: "127.0.0.1", port: 1025, tls: "none", login: null }],
    ["smtp://[::1]:1025", { host: "::1", port: 1025, tls: "none", login: null }],
    ["smtps://localhost", { host: "localhost", port: 465, tls: "implicit", login: null }],
    ["smtp://localhost.example.com", { host: "localhost.example.com", port: 587, tls: "starttls", login: null }],
    [
      "smtps://ada%40app.example:p%25%2F%23%3F%3A%40@mail.example.com:2465",
      {
        host: "mail.example.com",
        port: 2465,
        tls: "implicit",
        login: { user: "ada@app.example", password: "p%/#?:@" },
      },
    ],
  ])("env: SMTP_URL=%s", (url, server) => {
    expect(parseEnv({ ...REQUIRED, SMTP_URL: url, MAIL_FROM }).SMTP_URL).toEqual(server);
  });

  test.each([
    ["no-reply@app.example", { name: "", address: "no-reply@app.example" }],
    [" <no-reply@app.example> ", { name: "", address: "no-reply@app.example" }],
    ["Portcullis <no-reply@app.example>", { name: "Portcullis", address: "no-reply@app.example" }],
    ['"Ada, of Portcullis" <o\'neil+x@app.example>', { name: "Ada, of Portcullis", address: "o'neil+x@app.example" }],
    ["Bücher <a@localhost>", { name: "Bücher", address: "a@localhost" }],
  ])("env: MAIL_FROM=%s", (from, sender) => {
    expect(parseEnv({ ...REQUIRED, SMTP_URL, MAIL_FROM: from }).MAIL_FROM).toEqual(sender);
  });
});

describe(".env.example", () => {
  test(".env.example: valid in development with the DATABASE_URL that `npm start` adds", () => {
    expect(parseEnv(EXAMPLE)).toMatchObject({ NODE_ENV: "development", APP_ORIGIN: "http://localhost:3000" });
  });

  test(".env.example: contains every variable and no unknown one", () => {
    const previous = {
      SESSION_SECRET_PREVIOUS: "p".repeat(32),
      JWT_ACCESS_SECRET_PREVIOUS: "q".repeat(32),
      ENCRYPTION_SECRET_PREVIOUS: "r".repeat(32),
    };
    // PORTCULLIS_MAIL_FOLDER is set by our scripts and is not for deployments.
    const {
      NODE_ENV: _,
      PORTCULLIS_MAIL_FOLDER: __,
      ...known
    } = parseEnv({ ...REQUIRED, ...previous, HOST: "localhost" });
    expect(Object.keys(FILE).sort()).toEqual(Object.keys(known).sort());
  });

  test(".env.example: the values of optional variables are their defaults", () => {
    const required = Object.fromEntries(Object.keys(REQUIRED).map((name) => [name, EXAMPLE[name]]));
    expect(parseEnv(EXAMPLE)).toEqual(parseEnv(required));
  });

  test.each([
    ["SESSION_SECRET", "SESSION_SECRET"],
    ["JWT_ACCESS_SECRET", "JWT_ACCESS_SECRET"],
    ["ENCRYPTION_SECRET", "ENCRYPTION_SECRET"],
    ["SESSION_SECRET_PREVIOUS", "SESSION_SECRET"],
    ["JWT_ACCESS_SECRET_PREVIOUS", "JWT_ACCESS_SECRET"],
    ["ENCRYPTION_SECRET_PREVIOUS", "ENCRYPTION_SECRET"],
  ])(".env.example: its secret as %s is rejected in production", (name, sample) => {
    expect(problemsOf({ NODE_ENV: "production", MAIL: "off", [name]: EXAMPLE[sample] })).toEqual([
      `  ${name} is the published sample value: generate a secret of your own`,
    ]);
  });
});
