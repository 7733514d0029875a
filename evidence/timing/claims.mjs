/** Collects claims and whether they hold. */
export class Claims {
  /** @type {{ holds: boolean, text: string }[]} */
  all = [];

  /** @param {boolean} holds  @param {string} text the claim with its figures */
  add(holds, text) {
    this.all.push({ holds, text });
  }

  get tally() {
    const failed = this.all.filter(({ holds }) => !holds).length;
    return { passed: this.all.length - failed, failed, skipped: 0 };
  }
}
