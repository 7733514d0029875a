import "server-only";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Stands for a peer that hung up before it could be asked. All of them share one bucket. */
const UNKNOWN_ADDRESS = "0.0.0.0";
const MAPPED_IPV4 = "::ffff:";

/**
 * The address a request is counted and fingerprinted by. Behind n trusted proxies the n-th entry from the right was
 * written by a proxy of ours; everything left of it is the client's own invention. Where that entry is missing or no
 * address, the request did not come the trusted way, and the socket, which nobody can choose, decides.
 */
export function resolveClientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxyHops: number,
): string {
  const claimed = trustedProxyHops > 0 ? forwardedFor?.split(",").at(-trustedProxyHops) : undefined;
  return canonicalAddress(claimed) ?? canonicalAddress(socketAddress) ?? UNKNOWN_ADDRESS;
}

/** What limits count by: an IPv4 address, or the /64 that a single IPv6 subscriber has all to themselves. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const network = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return `${network.map((part) => part.toString(16)).join(":")}::/64`;
}

function canonicalAddress(spelling: string | undefined): string | null {
  if (spelling === undefined) return null;
  // How a socket that serves both families spells IPv4: nearly every request.
  if (spelling.startsWith(MAPPED_IPV4) && isIP(spelling.slice(MAPPED_IPV4.length)) === 4) {
    return spelling.slice(MAPPED_IPV4.length);
  }
  const bare = withoutPortAndZone(spelling.trim());
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6: {
      const address = ipaddr.IPv6.parse(bare);
      return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toString();
    }
    default:
      return null;
  }
}

function withoutPortAndZone(spelling: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(spelling);
  const address = bracketed?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(spelling)?.[1] ?? spelling;
  const zone = address.indexOf("%");
  return zone === -1 ? address : address.slice(0, zone);
}
