/** Original and segmented in one place: a curtain drawn across, or one after the other. */

const BLINK_MS = 700; // slower than three a second, which nobody may be shown unasked
/** @type {Record<string, number>} per cent */
const STEPS = { ArrowLeft: -2, ArrowRight: 2, PageDown: -10, PageUp: 10 };

/** @type {Record<string, number>} per cent */
const ENDS = { Home: 0, End: 100 };

/**
 * Where a curtain is, per cent from the left, after a key; null if the key is none of its.
 *
 * @param {string} key
 * @param {number} at per cent
 */
export function curtainKey(key, at) {
  const wanted = ENDS[key] ?? (key in STEPS ? at + STEPS[key] : null);
  return wanted === null ? null : Math.min(100, Math.max(0, wanted));
}

/**
 * Where the pointer holds the curtain, per cent of `box`.
 *
 * @param {number} x CSS px
 * @param {{left: number, width: number}} box
 */
export const curtainAt = (x, box) => Math.min(100, Math.max(0, (100 * (x - box.left)) / Math.max(1, box.width)));

/**
 * Turns about: calls `turn()` for ever until stopped; not by itself where motion is not wanted.
 *
 * @param {() => void} turn
 */
export function createBlink(turn) {
  /** @type {?ReturnType<typeof setInterval>} */
  let timer = null;
  return {
    get running() {
      return timer !== null;
    },
    start() {
      if (timer === null) timer = setInterval(turn, BLINK_MS);
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

export const prefersReducedMotion = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;
