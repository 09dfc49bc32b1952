/** Screws that are moved by hand, step by step, with a way back. All functions are pure; places are RAS+ mm. */
import { along } from './guidance.js';
/**
 * @import { Numbers, Vec3 } from '../types.js'
 * @import { Screw } from './guidance.js'
 */

/** @typedef {'entry' | 'tip' | 'both'} End what is moved of a screw */
/** @typedef {Pick<Screw, 'entry_ras_mm' | 'tip_ras_mm' | 'diameter_mm'>} Ends */
/** @typedef {Record<string, Ends>} Places of the screws that differ from the plan, by their names */
/** @typedef {{places: Places, past: Places[]}} Edits `past`: what was before each step, oldest first */

/** @type {Edits} */
export const NO_EDITS = { places: {}, past: [] };
const MOST_STEPS = 200;
const [THINNEST, THICKEST] = [1, 12];

/** Whole micrometres, as the server keeps them. @param {Vec3} place @returns {Vec3} */
const rounded = ([x, y, z]) => [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000, Math.round(z * 1000) / 1000];

/** The same ends moved by `by`. @param {Ends} ends @param {End} end @param {Numbers} by mm @returns {Ends} */
export function movedBy({ entry_ras_mm: entry, tip_ras_mm: tip, diameter_mm }, end, by) {
  return {
    entry_ras_mm: end === 'tip' ? entry : rounded(along(entry, by, 1)),
    tip_ras_mm: end === 'entry' ? tip : rounded(along(tip, by, 1)),
    diameter_mm,
  };
}

/** Another diameter, within what there can be. @param {Ends} ends @param {number} mm @returns {Ends} */
export const thickerBy = (ends, mm) => ({
  ...ends,
  diameter_mm: Math.min(THICKEST, Math.max(THINNEST, ends.diameter_mm + mm)),
});

/** A step begins: what is now can be gone back to. @param {Edits} edits @returns {Edits} */
export const begun = ({ places, past }) => ({ places, past: [...past, places].slice(-MOST_STEPS) });

/**
 * Within a step: a screw has other ends.
 *
 * @param {Edits} edits
 * @param {string} name
 * @param {Ends} ends
 * @returns {Edits}
 */
export const placed = ({ places, past }, name, ends) => ({ places: { ...places, [name]: ends }, past });

/** Back by one step. @param {Edits} edits @returns {Edits} */
export const undone = ({ places, past }) => ({ places: past[past.length - 1] ?? places, past: past.slice(0, -1) });

/** Length of a screw in mm. @param {Ends} ends */
export const lengthOf = ({ entry_ras_mm: a, tip_ras_mm: b }) => Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);

/** @param {Ends} a @param {Ends} b */
export const sameEnds = (a, b) =>
  a.diameter_mm === b.diameter_mm &&
  [0, 1, 2].every((n) => a.entry_ras_mm[n] === b.entry_ras_mm[n] && a.tip_ras_mm[n] === b.tip_ras_mm[n]);

/**
 * The plan's screws where they were moved to. What was found of a screw counts only where it was found: elsewhere its
 * grade is "" until it is checked again.
 *
 * @param {Screw[]} screws of the plan
 * @param {Edits} edits
 * @param {Record<string, Screw>} checked what was found since, by name
 * @returns {Screw[]}
 */
export function edited(screws, { places }, checked) {
  return screws.map((screw) => {
    const ends = places[screw.name] ?? screw;
    const isMoved = !sameEnds(ends, screw);
    const found = checked[screw.name];
    if (found && sameEnds(ends, found)) return { ...screw, ...found, hu_mean: isMoved ? null : screw.hu_mean };
    return isMoved ? { ...screw, ...ends, length_mm: lengthOf(ends), grade: '', hu_mean: null } : screw;
  });
}

/**
 * Ask, one question at a time, of what was said last.
 *
 * @template Question
 * @param {(question: Question) => Promise<unknown>} ask
 * @param {number} ms to wait for a newer question before asking
 */
export function newestOf(ask, ms) {
  /** @type {{question: Question} | null} */
  let waiting = null;
  let isBusy = false;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  async function run() {
    timer = null;
    if (isBusy || !waiting) return;
    const { question } = waiting;
    waiting = null;
    isBusy = true;
    try {
      await ask(question);
    } finally {
      isBusy = false;
      if (waiting && !timer) timer = setTimeout(run, ms);
    }
  }
  return {
    /** @param {Question} question */
    call(question) {
      waiting = { question };
      if (!timer) timer = setTimeout(run, ms);
    },
    stop() {
      if (timer) clearTimeout(timer);
      [timer, waiting] = [null, null];
    },
  };
}
