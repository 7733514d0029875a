import { requireSupportedNode } from "./node-release.mjs";

requireSupportedNode();
const { runCli } = await import("./run-cli.mjs");
const { serve } = await import("./serve.mjs");
const { startLocalCaddy } = await import("./local-caddy.mjs");

// npm start behind Caddy with a local certificate authority, as in compose.yaml.
const origin = (process.env.APP_ORIGIN ||= "https://portcullis.localhost:8443");
process.env.TRUSTED_PROXY_HOPS ||= "1";
// Reachable through Caddy only.
process.env.HOST ||= "127.0.0.1";
await runCli(({ step, print }) => startLocalCaddy({ origin, port: process.env.PORT || "3000", step, print }));
await serve("production");
