const FIRST_CAPACITY = 1 << 12;

/** A state packed into two integers, so that millions of them fit into typed arrays. */
export interface PackedState {
  /** Below 2^53. */
  row: number;
  /** Below 2^31. */
  messages: number;
}

/** Every discovered state once, in order of discovery, with the transition that reached it first. */
export class StateTable {
  size = 0;
  rows = new Float64Array(FIRST_CAPACITY);
  messageSets = new Int32Array(FIRST_CAPACITY);
  private parents = new Int32Array(FIRST_CAPACITY);
  private events = new Int32Array(FIRST_CAPACITY);
  /** Open addressing with at most half load: the index of the state plus one, or 0. */
  private slots = new Int32Array(FIRST_CAPACITY * 2);

  /** Adds the state if it is new; returns its index. */
  add(row: number, messages: number, parent: number, event: number): number {
    const slot = this.slotOf(row, messages);
    if (this.slots[slot] !== 0) return this.slots[slot]! - 1;
    if (this.size === this.rows.length) {
      this.grow();
      return this.add(row, messages, parent, event);
    }
    this.rows[this.size] = row;
    this.messageSets[this.size] = messages;
    this.parents[this.size] = parent;
    this.events[this.size] = event;
    this.slots[slot] = ++this.size;
    return this.size - 1;
  }

  /** The events from the initial state to this one. */
  pathTo(index: number): number[] {
    const events: number[] = [];
    for (let at = index; at > 0; at = this.parents[at]!) events.push(this.events[at]!);
    return events.reverse();
  }

  /** The slot of the state, or the free slot where it belongs. */
  private slotOf(row: number, messages: number): number {
    const mask = this.slots.length - 1;
    const upper = Math.floor(row / 2 ** 32);
    let hash = Math.imul(row, 0x9e3779b1) ^ Math.imul(messages, 0x85ebca6b) ^ Math.imul(upper, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot]! - 1;
      if (index < 0 || (this.rows[index] === row && this.messageSets[index] === messages)) return slot;
    }
  }

  private grow(): void {
    const capacity = this.rows.length * 2;
    const rows = new Float64Array(capacity);
    rows.set(this.rows);
    this.rows = rows;
    for (const name of ["messageSets", "parents", "events"] as const) {
      const larger = new Int32Array(capacity);
      larger.set(this[name]);
      this[name] = larger;
    }
    this.slots = new Int32Array(capacity * 2);
    for (let index = 0; index < this.size; index++) {
      this.slots[this.slotOf(this.rows[index]!, this.messageSets[index]!)] = index + 1;
    }
  }
}
