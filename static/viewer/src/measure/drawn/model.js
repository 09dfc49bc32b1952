/** The measure of the program's that is drawn on the slices, and the lines that a reader is moving. */
/** @import { DrawnLine, DrawnMeasure, Vec3 } from '../../types.js' */

/** @typedef {ReturnType<typeof createDrawn>} Drawn */

/** At first nothing is drawn. */
export function createDrawn() {
  /** @type {?DrawnMeasure} */
  let shown = null;
  let moved = false;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {(lines: DrawnLine[]) => void} */
  let keep = () => {};
  const change = () => listeners.forEach((listener) => listener());

  return {
    get shown() {
      return shown;
    },
    /** @param {() => void} listener */
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /**
     * Draw a measure.
     *
     * @param {?DrawnMeasure} next null draws nothing
     * @param {(lines: DrawnLine[]) => void} [onKeep] called with lines that a reader has moved
     */
    show(next, onKeep = () => {}) {
      shown = next;
      keep = onKeep;
      change();
    },
    /** Move one end of a line, not yet for good. @param {number} line @param {number} end @param {Vec3} to */
    move(line, end, to) {
      if (!shown) return;
      moved = true;
      const lines = shown.lines.map((points, n) =>
        n === line ? /** @type {DrawnLine} */ (points.map((point, m) => (m === end ? to : point))) : points,
      );
      shown = { ...shown, lines, isMoved: true };
      change();
    },
    /** The lines are where the reader wants them. */
    keep() {
      if (moved && shown) keep(shown.lines);
      moved = false;
    },
  };
}
