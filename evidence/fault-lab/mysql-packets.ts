/** Three bytes of length and one of sequence number. */
const HEADER = 4;
const COM_QUERY = 0x03;
const ERROR = 0xff;

/** Splits a stream into MySQL protocol packets. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns the packets that are complete now, each with its header. */
  push(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole: Buffer[] = [];
    while (bytes.length >= HEADER) {
      const end = HEADER + bytes.readUIntLE(0, 3);
      if (bytes.length < end) break;
      whole.push(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return whole;
  }
}

/** The SQL of a COM_QUERY packet; null for any other packet, such as the handshake response or COM_QUIT. */
export function statementIn(packet: Buffer): string | null {
  if (packet[3] !== 0 || packet[HEADER] !== COM_QUERY) return null;
  return packet.toString("utf8", HEADER + 1);
}

/** The error number of an ERR packet; null for any other. */
export function errorCodeIn(response: Buffer): number | null {
  return response.length >= HEADER + 3 && response[HEADER] === ERROR ? response.readUInt16LE(HEADER + 1) : null;
}
