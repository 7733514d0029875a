const FIRST_CAPACITY = 1 << 12;

/** A state in two integers below 2^31, so that millions of them fit into typed arrays. */
export interface Packed {
  row: number;
  flight: number;
}

/** Every state once, in the order of their discovery, each with the step that led to it first. */
export class StateTable {
  size = 0;
  rows = new Int32Array(FIRST_CAPACITY);
  flights = new Int32Array(FIRST_CAPACITY);
  private parents = new Int32Array(FIRST_CAPACITY);
  private events = new Int32Array(FIRST_CAPACITY);
  /** Open addressing at half load: the index of the state plus one, or 0. */
  private slots = new Int32Array(FIRST_CAPACITY * 2);

  /** The index of the state, new or known. */
  add(row: number, flight: number, parent: number, event: number): number {
    const slot = this.slotOf(row, flight);
    if (this.slots[slot] !== 0) return this.slots[slot]! - 1;
    if (this.size === this.rows.length) {
      this.grow();
      return this.add(row, flight, parent, event);
    }
    this.rows[this.size] = row;
    this.flights[this.size] = flight;
    this.parents[this.size] = parent;
    this.events[this.size] = event;
    this.slots[slot] = ++this.size;
    return this.size - 1;
  }

  /** The events from the start to a state. */
  wayTo(index: number): number[] {
    const events: number[] = [];
    for (let at = index; at > 0; at = this.parents[at]!) events.push(this.events[at]!);
    return events.reverse();
  }

  /** Where the state is, or the free slot that it would take. */
  private slotOf(row: number, flight: number): number {
    const mask = this.slots.length - 1;
    let hash = Math.imul(row, 0x9e3779b1) ^ Math.imul(flight, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const index = this.slots[slot]! - 1;
      if (index < 0 || (this.rows[index] === row && this.flights[index] === flight)) return slot;
    }
  }

  private grow(): void {
    const capacity = this.rows.length * 2;
    for (const name of ["rows", "flights", "parents", "events"] as const) {
      const larger = new Int32Array(capacity);
      larger.set(this[name]);
      this[name] = larger;
    }
    this.slots = new Int32Array(capacity * 2);
    for (let index = 0; index < this.size; index++) {
      this.slots[this.slotOf(this.rows[index]!, this.flights[index]!)] = index + 1;
    }
  }
}
