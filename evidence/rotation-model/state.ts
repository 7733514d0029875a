import { NOBODY } from "./holders";
import { CURRENT, type Standing } from "./policy";

/** One state: the session's row, the honest browser's jar, and a thief. Ages are in ticks and stop where they stop mattering. */
export interface World {
  handedAge: number;
  rotatedAge: number;
  hasPrevious: boolean;
  isRevoked: boolean;
  /** The browser that the row was last written for: 0 and 1 are the user agents of the honest one, the last is the thief's. */
  rowBrowser: number;
  jar: Standing;
  /** The token of a reply that sleeps in a socket for as long as it likes; null if there is none. */
  asleep: Standing | null;
  hasStolen: boolean;
  /** The living tokens that the thief knows: a bit for each standing. */
  loot: number;
  order: number;
  /** Ticks since the victim's, and since the thief's, last successful refresh. */
  sinceVictim: number;
  sinceThief: number;
}

/** How far each part of a world can go: what a search does not need has one value only and costs nothing. */
export interface Extent {
  handedAges: number;
  rotatedAges: number;
  hasSleeper: boolean;
  hasRevocation: boolean;
  hasThief: boolean;
  browsers: number;
  sinceAges: number;
}

export function packWorld(world: World, extent: Extent): number {
  let packed = world.handedAge * extent.rotatedAges + world.rotatedAge;
  packed = (packed * 2 + (world.hasPrevious ? 1 : 0)) * 4 + world.jar;
  if (extent.hasRevocation) packed = packed * 2 + (world.isRevoked ? 1 : 0);
  if (extent.hasSleeper) packed = packed * 5 + (world.asleep === null ? 4 : world.asleep);
  packed = packed * extent.browsers + world.rowBrowser;
  if (extent.hasThief) {
    packed = ((packed * 2 + (world.hasStolen ? 1 : 0)) * 8 + world.loot) * 5 + world.order;
    packed = (packed * extent.sinceAges + world.sinceVictim) * extent.sinceAges + world.sinceThief;
  }
  return packed;
}

export function unpackWorld(packed: number, extent: Extent): World {
  let rest = packed;
  const take = (values: number) => {
    const value = rest % values;
    rest = (rest - value) / values;
    return value;
  };
  const { hasThief, sinceAges } = extent;
  const sinceThief = hasThief ? take(sinceAges) : 0;
  const sinceVictim = hasThief ? take(sinceAges) : 0;
  const order = hasThief ? take(5) : NOBODY;
  const loot = hasThief ? take(8) : 0;
  const hasStolen = hasThief && take(2) === 1;
  const rowBrowser = take(extent.browsers);
  const asleep = extent.hasSleeper ? take(5) : 4;
  const isRevoked = extent.hasRevocation && take(2) === 1;
  const jar = take(4) as Standing;
  const hasPrevious = take(2) === 1;
  const rotatedAge = take(extent.rotatedAges);
  return {
    handedAge: rest,
    rotatedAge,
    hasPrevious,
    isRevoked,
    rowBrowser,
    jar,
    asleep: asleep === 4 ? null : (asleep as Standing),
    hasStolen,
    loot,
    order,
    sinceVictim,
    sinceThief,
  };
}

/** Just signed in. Throws if not every world of this extent fits into an integer below 2^31. */
export function startOf(extent: Extent): World {
  const { handedAges, rotatedAges, hasRevocation, hasSleeper, hasThief, browsers, sinceAges } = extent;
  const thiefs = hasThief ? 2 * 8 * 5 * sinceAges ** 2 : 1;
  const worlds = handedAges * rotatedAges * 8 * browsers * (hasRevocation ? 2 : 1) * (hasSleeper ? 5 : 1) * thiefs;
  if (worlds >= 2 ** 31) throw new Error("Too many worlds for one integer: choose smaller bounds");
  return {
    handedAge: 0,
    rotatedAge: 0,
    hasPrevious: false,
    isRevoked: false,
    rowBrowser: 0,
    jar: CURRENT,
    asleep: null,
    hasStolen: false,
    loot: 0,
    order: NOBODY,
    sinceVictim: 0,
    sinceThief: sinceAges - 1,
  };
}
