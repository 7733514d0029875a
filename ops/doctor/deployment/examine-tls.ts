import { connect, type PeerCertificate, type SecureVersion } from "node:tls";
import { serverNameOf } from "./http-client";

export interface TlsFacts {
  /** Like "TLSv1.3". */
  protocol: string;
  /** Why Node.js does not trust the certificate; null if it does. */
  certificateError: string | null;
  /** In milliseconds since 1970. */
  validTo: number;
  acceptsOldVersions: boolean;
}

const TIMEOUT_SECONDS = 10;

/** Performs a handshake with current TLS versions and one with obsolete versions. Null if there is no TLS server. */
export async function examineTls(origin: URL): Promise<TlsFacts | null> {
  const first = await handshake(origin);
  if (first === null) return null;
  const old = await handshake(origin, "TLSv1.1");
  return { ...first, acceptsOldVersions: old !== null };
}

function handshake(origin: URL, newest?: SecureVersion): Promise<Omit<TlsFacts, "acceptsOldVersions"> | null> {
  return new Promise((resolve) => {
    const old =
      newest === undefined ? {} : { minVersion: "TLSv1" as const, maxVersion: newest, ciphers: "DEFAULT@SECLEVEL=0" };
    const socket = connect({
      host: origin.hostname.replace(/^\[|\]$/g, ""),
      port: Number(origin.port || 443),
      servername: serverNameOf(origin),
      rejectUnauthorized: false,
      timeout: TIMEOUT_SECONDS * 1000,
      ...old,
    });
    const settle = (outcome: Omit<TlsFacts, "acceptsOldVersions"> | null) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once("secureConnect", () => {
      const certificate: PeerCertificate = socket.getPeerCertificate();
      settle({
        protocol: socket.getProtocol() ?? "",
        certificateError: socket.authorized ? null : String(socket.authorizationError),
        validTo: Date.parse(certificate.valid_to),
      });
    });
    socket.once("error", () => settle(null)).once("timeout", () => settle(null));
  });
}
