/** What was claimed, and whether it held. */
export class Claims {
  /** @type {{ holds: boolean, says: string }[]} */
  all = [];

  /** @param {boolean} holds  @param {string} says with the figures that it rests on */
  add(holds, says) {
    this.all.push({ holds, says });
  }

  get tally() {
    const failed = this.all.filter(({ holds }) => !holds).length;
    return { passed: this.all.length - failed, failed, skipped: 0 };
  }
}
