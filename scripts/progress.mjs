import { styleText } from "node:util";
import { isExiting } from "./lifecycle.mjs";

const HEARTBEAT_SECONDS = 15;
const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/**
 * Shows the running steps and their durations: animated on a terminal, elsewhere as lines with a periodic heartbeat.
 * Steps may overlap.
 * @param {NodeJS.WriteStream} out
 */
export function createProgress(out = process.stdout) {
  const live = Boolean(out.isTTY) && process.env.TERM !== "dumb";
  /** @type {Set<{ name: string, detail: string, startedAt: number, saidAt: number }>} */
  const running = new Set();
  let drawn = 0;
  let frame = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

  function erase() {
    if (drawn > 0) out.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  }

  function draw() {
    if (!live) return;
    for (const { name, detail, startedAt } of running) {
      const line = `  ${FRAMES[frame % FRAMES.length]} ${name.padEnd(10)} ${detail}`;
      const room = (out.columns || 80) - 9;
      out.write(`${line.length > room ? `${line.slice(0, room - 1)}…` : line.padEnd(room)}${elapsed(startedAt)}\n`);
    }
    drawn = running.size;
  }

  function tick() {
    frame += 1;
    if (live) {
      erase();
      return draw();
    }
    for (const step of running) {
      if (Date.now() - step.saidAt < HEARTBEAT_SECONDS * 1000) continue;
      step.saidAt = Date.now();
      out.write(`  … ${step.name.padEnd(10)} ${step.detail} (${elapsed(step.startedAt).trim()})\n`);
    }
  }

  /** @param {string} text */
  function print(text) {
    erase();
    out.write(text);
    draw();
  }

  /**
   * @template T
   * @param {string} name
   * @param {(onProgress: (detail: string) => void) => Promise<T>} work its last detail stays on the screen
   * @param {(result: T) => boolean} [isGood]
   * @returns {Promise<T>}
   */
  async function step(name, work, isGood = () => true) {
    // During the shutdown no new step begins.
    if (isExiting()) return new Promise(() => {});
    const now = Date.now();
    const entry = { name, detail: "", startedAt: now, saidAt: now };
    running.add(entry);
    timer ??= setInterval(tick, live ? 120 : 1000);
    const end = (/** @type {"✓" | "✗"} */ mark) => {
      erase();
      running.delete(entry);
      if (running.size === 0) timer = void clearInterval(timer);
      const colour = mark === "✓" ? "green" : "red";
      const line = `${name.padEnd(10)} ${entry.detail}`;
      print(`  ${paint(colour, mark, live)} ${line.padEnd(62)} ${paint("dim", elapsed(now), live)}\n`);
    };
    try {
      const result = await work((detail) => {
        entry.detail = detail;
      });
      end(isGood(result) ? "✓" : "✗");
      return result;
    } catch (error) {
      end("✗");
      throw error;
    }
  }

  return { step, print };
}

/** @typedef {ReturnType<typeof createProgress>} Progress */

/** @param {import("node:util").InspectColor} style  @param {string} text  @param {boolean} [coloured] */
export function paint(style, text, coloured = Boolean(process.stdout.isTTY)) {
  return coloured && !process.env.NO_COLOR ? styleText(style, text) : text;
}

/** @param {number} since */
function elapsed(since) {
  const seconds = (Date.now() - since) / 1000;
  const text =
    seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return text.padStart(9);
}
