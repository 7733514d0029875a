import "server-only";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** The address of a peer that disconnected before its address was read. All of them share one rate-limit bucket. */
const UNKNOWN_ADDRESS = "0.0.0.0";
const MAPPED_IPV4 = "::ffff:";

/**
 * The address for rate limits and fingerprints. Behind n trusted proxies the n-th entry from the right was written by one of
 * them; entries to its left may be forged. If that entry is missing or not an address, the request did not pass through the
 * proxies, and the address of the socket is used, which cannot be forged.
 */
export function resolveClientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxyHops: number,
): string {
  const claimed = trustedProxyHops > 0 ? forwardedFor?.split(",").at(-trustedProxyHops) : undefined;
  return canonicalAddress(claimed) ?? canonicalAddress(socketAddress) ?? UNKNOWN_ADDRESS;
}

/** The limit of a /48, as a multiple of the limit of an address group. */
export const SITE_LIMIT_FACTOR = 2;

/** The key of rate limits: an IPv4 address, or the IPv6 /64 that one subscriber has at least. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const ipv6 = ipaddr.IPv6.parse(address);
  return embeddedIpv4(ipv6) ?? networkOf(ipv6, 4);
}

/** The key of rate limits with `SITE_LIMIT_FACTOR`: the /48, all of which one customer may have. Null for IPv4. */
export function addressSite(address: string): string | null {
  if (isIP(address) !== 6) return null;
  const ipv6 = ipaddr.IPv6.parse(address);
  return embeddedIpv4(ipv6) === null ? networkOf(ipv6, 3) : null;
}

/** The network of the first `groups` groups of 16 bits. */
function networkOf({ parts }: ipaddr.IPv6, groups: number): string {
  const network = parts.slice(0, groups).map((part) => part.toString(16));
  return `${network.join(":")}::/${groups * 16}`;
}

/**
 * The IPv4 address embedded in an IPv6 address, by its prefix: mapped (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052,
 * RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380). Translators put the whole IPv4 Internet into one /64; with 6to4 one IPv4
 * address owns a /48.
 */
function embeddedIpv4(ipv6: ipaddr.IPv6): string | null {
  const { parts } = ipv6;
  switch (ipv6.range()) {
    case "ipv4Mapped":
    case "rfc6145":
    case "rfc6052":
      // Under the local-use prefix an operator may choose another layout, which ends in zeros and would read as 0.0.0.0.
      return parts[6] === 0 && parts[7] === 0 ? null : dottedQuad(parts[6]!, parts[7]!);
    case "6to4":
      return dottedQuad(parts[1]!, parts[2]!);
    case "teredo":
      return dottedQuad(parts[6]! ^ 0xffff, parts[7]! ^ 0xffff);
    default:
      return null;
  }
}

function dottedQuad(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function canonicalAddress(spelling: string | undefined): string | null {
  if (spelling === undefined) return null;
  // The form in which a dual-stack socket reports IPv4: nearly every request.
  if (spelling.startsWith(MAPPED_IPV4) && isIP(spelling.slice(MAPPED_IPV4.length)) === 4) {
    return spelling.slice(MAPPED_IPV4.length);
  }
  const bare = withoutPortAndZone(spelling.trim());
  switch (isIP(bare)) {
    case 4:
      return bare;
    case 6: {
      const ipv6 = ipaddr.IPv6.parse(bare);
      return embeddedIpv4(ipv6) ?? ipv6.toString();
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
