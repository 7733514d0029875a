import { describe, expect, test } from "vitest";
import { addressGroup, addressSite, resolveClientAddress } from "./client-address";

describe("without trusted proxies the socket's address is used", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::FFFF:cb00:7107", "203.0.113.7"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::1", "::1"],
    [undefined, "0.0.0.0"],
    ["", "0.0.0.0"],
  ])("%s is %s", (socketAddress, expected) => {
    expect(resolveClientAddress(socketAddress, undefined, 0)).toBe(expected);
  });

  test("also with an X-Forwarded-For header", () => {
    expect(resolveClientAddress("203.0.113.7", "198.51.100.1", 0)).toBe("203.0.113.7");
  });
});

describe("behind n proxies the n-th entry from the right is used", () => {
  test.each([
    ["one proxy", "198.51.100.1", 1, "198.51.100.1"],
    ["a client that forges entries", "1.1.1.1, 2.2.2.2, 198.51.100.1", 1, "198.51.100.1"],
    ["two proxies", "1.1.1.1, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"],
    ["no spaces", "1.1.1.1,198.51.100.1", 1, "198.51.100.1"],
    ["a port", "198.51.100.1:567", 1, "198.51.100.1"],
    ["IPv6 with a port", "[2001:db8::1]:80", 1, "2001:db8::1"],
    ["IPv6 in brackets", "[::1]", 1, "::1"],
    ["IPv6 with a zone", "[fe80::1%25eth0]:80", 1, "fe80::1"],
    ["mapped IPv4", "::ffff:198.51.100.1", 1, "198.51.100.1"],
    ["a forged entry that is not an address", "<script>, 198.51.100.1", 1, "198.51.100.1"],
  ])("%s", (_name, forwardedFor, hops, expected) => {
    expect(resolveClientAddress("10.0.0.1", forwardedFor, hops)).toBe(expected);
  });
});

describe("an entry that cannot have come from a trusted proxy leaves the socket's address", () => {
  test.each([
    ["no header", undefined, 1],
    ["an empty header", "", 1],
    ["too few entries", "198.51.100.1", 2],
    ["an empty entry", "198.51.100.1,", 1],
    ["nothing but commas", ",,,", 2],
    ["a thousand entries, the last of them empty", "198.51.100.1,".repeat(1000), 1],
    ["an obfuscated identifier (RFC 7239, section 6.3)", "_SEVKISEK", 1],
    ["an obfuscated port", "198.51.100.1:_port", 1],
    ["a quoted address", '"198.51.100.1"', 1],
    ["a pair of Forwarded", "for=198.51.100.1", 1],
    ["IPv6 with a port and no brackets", "2001:db8:1:2:3:4:5:6:443", 1],
    ["digits of another script", "١٩٨.51.100.1", 1],
    ["a socket's path", "unix:", 1],
    ["unknown", "unknown", 1],
    ["a host name", "localhost", 1],
    ["half an address", "198.51.100", 1],
    ["octal", "0306.063.0144.01", 1],
    ["hexadecimal", "0xc6336401", 1],
    ["a plain number", "3325256705", 1],
    ["leading zeros", "198.051.100.001", 1],
    ["out of range", "256.1.1.1", 1],
    ["an open bracket", "[2001:db8::1", 1],
    ["an invalid port", "[2001:db8::1]:port", 1],
    ["two addresses in one entry", "198.51.100.1 198.51.100.2", 1],
    ["text before an address", "garbage198.51.100.1", 1],
    ["a prefix", "198.51.100.0/24", 1],
    ["a NUL", "198.51.100.1\u0000", 1],
  ])("%s", (_name, forwardedFor, hops) => {
    expect(resolveClientAddress("10.0.0.1", forwardedFor, hops)).toBe("10.0.0.1");
  });
});

describe("rate limits count", () => {
  test.each([
    ["IPv4 by address", "203.0.113.7", "203.0.113.7"],
    ["IPv6 by /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["a short IPv6 by /64", "2001:db8::1", "2001:db8:0:0::/64"],
    ["loopback", "::1", "0:0:0:0::/64"],
    ["NAT64 in a layout of the operator's by /64", "64:ff9b:1:cb00:71:700::", "64:ff9b:1:cb00::/64"],
    ["what only looks like NAT64 by /64", "64:ff9b:0:0:1::cb00:7107", "64:ff9b:0:0::/64"],
  ])("%s", (_name, address, expected) => {
    expect(addressGroup(address)).toBe(expected);
  });

  test.each([
    ["mapped", "::ffff:203.0.113.7"],
    ["mapped, in hexadecimal", "::ffff:cb00:7107"],
    ["translated", "::ffff:0:cb00:7107"],
    ["NAT64", "64:ff9b::203.0.113.7"],
    ["NAT64, in hexadecimal", "64:FF9B::CB00:7107"],
    ["NAT64 with the local-use prefix", "64:ff9b:1:fffe::cb00:7107"],
    ["6to4", "2002:cb00:7107::1"],
    ["another host behind the same 6to4 address", "2002:cb00:7107:ffff:1:2:3:4"],
    ["Teredo", "2001:0:4136:e378:8000:63bf:34ff:8ef8"],
  ])("an IPv6 address with an embedded IPv4 address as that one, in every form: %s", (_name, address) => {
    expect(addressGroup(address)).toBe("203.0.113.7");
    expect(addressSite(address)).toBeNull();
    expect(resolveClientAddress(address, undefined, 0)).toBe("203.0.113.7");
    expect(resolveClientAddress("10.0.0.1", `[${address}]:443`, 1)).toBe("203.0.113.7");
  });

  test("with a wider allowance, by /48", () => {
    expect(addressSite("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1::/48");
    expect(addressSite("2001:db8:1:ffff::1")).toBe("2001:db8:1::/48");
    expect(addressSite("2001:db8:2:2::1")).toBe("2001:db8:2::/48");
    expect(addressSite("203.0.113.7")).toBeNull();
  });

  test("every host of one /64 as one, and the next /64 as another", () => {
    expect(addressGroup("2001:db8:1:2::1")).toBe(addressGroup("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    expect(addressGroup("2001:db8:1:2::1")).not.toBe(addressGroup("2001:db8:1:3::1"));
  });
});
