/** Of a packet: three bytes of length, one of sequence, and then what is said. */
const HEADER = 4;
const COM_QUERY = 0x03;
const ERROR = 0xff;

/** Cuts a stream into the packets of MySQL's protocol. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The packets that are whole now, each with its header. */
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

/** The statement in a client's packet. Null for logins and leave-takings: only commands begin a sequence and carry SQL. */
export function statementIn(packet: Buffer): string | null {
  if (packet[3] !== 0 || packet[HEADER] !== COM_QUERY) return null;
  return packet.toString("utf8", HEADER + 1);
}

/** The server's error number, if its response is an error. */
export function errorCodeIn(response: Buffer): number | null {
  return response.length >= HEADER + 3 && response[HEADER] === ERROR ? response.readUInt16LE(HEADER + 1) : null;
}
