/** Steps that can be undone, and done again (pure). */
/** @import { Delta } from './runs.js' */

const MOST_STEPS = 200;
const FEWEST_STEPS = 50; // kept whatever they take
const MOST_BYTES = 48e6;

/** @param {Delta} delta */
const bytesOf = ({ offsets }) => 7 * offsets.length;

/** Undo and redo of changes, the oldest of which go when they are too many. */
export function createHistory() {
  /** @type {Delta[]} */
  let done = [];
  /** @type {Delta[]} */
  let undone = [];
  return {
    /** @param {Delta} delta */
    add(delta) {
      undone = [];
      done.push(delta);
      let bytes = done.reduce((sum, each) => sum + bytesOf(each), 0);
      while (done.length > MOST_STEPS || (done.length > FEWEST_STEPS && bytes > MOST_BYTES))
        bytes -= bytesOf(/** @type {Delta} */ (done.shift()));
    },
    undo() {
      const delta = done.pop() ?? null;
      if (delta) undone.push(delta);
      return delta;
    },
    redo() {
      const delta = undone.pop() ?? null;
      if (delta) done.push(delta);
      return delta;
    },
    clear() {
      [done, undone] = [[], []];
    },
    get steps() {
      return { undo: done.length, redo: undone.length };
    },
  };
}
