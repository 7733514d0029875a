/** A complete configuration for tests. Import it first: it must be set before the first call of `env()`. */
export const TEST_ENV = {
  NODE_ENV: "test",
  DATABASE_URL: "mysql://nobody@127.0.0.1:9/nothing",
  APP_ORIGIN: "http://localhost:3000",
  SESSION_SECRET: "session secret of the tests, long enough",
  JWT_ACCESS_SECRET: "access secret of the tests, long enough",
  ENCRYPTION_SECRET: "encryption secret of the tests, long enough",
  LOG_LEVEL: "silent",
} as const;

Object.assign(process.env, TEST_ENV);
