import "server-only";
import { ADDRESS_HEADER } from "@/server/runtime/entry-headers";
import { truncateUserAgent, describeDevice, type Device } from "./device";

/** The client of a request, by its address and user agent. */
export interface Client extends Device {
  /** The canonical client address, as the entry resolved it. */
  address: string;
  userAgent: string;
}

export function clientOf(headers: Headers): Client {
  const address = headers.get(ADDRESS_HEADER);
  if (address === null) throw new Error("The request did not come through the entry: it has no client address");
  const userAgent = truncateUserAgent(headers.get("user-agent"));
  return { address, userAgent, ...describeDevice(userAgent) };
}
