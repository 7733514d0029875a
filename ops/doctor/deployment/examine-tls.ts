import { connect, type PeerCertificate, type SecureVersion } from "node:tls";
import { serverNameOf } from "./http-client";

export interface TlsFacts {
  /** Like "TLSv1.3". */
  protocol: string;
  /** Why a browser would not believe the certificate; null if it would. */
  certificateError: string | null;
  /** In milliseconds since 1970. */
  validTo: number;
  acceptsOldVersions: boolean;
}

const ANSWER_SECONDS = 10;

/** Shakes hands twice: as browsers do, and as only what nobody should use any more does. Null if no hand is there. */
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
      timeout: ANSWER_SECONDS * 1000,
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
