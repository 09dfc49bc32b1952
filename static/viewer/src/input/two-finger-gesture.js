/** What two fingers do, decided by how they move first: scroll, pan, or pinch. */
/** @import { Vec2 } from '../types.js' */

/** @typedef {Vec2[]} Fingers places of two fingers, px */

/**
 * @typedef {object} TwoFingerActions
 * @property {(steps: number) => void} scroll
 * @property {(dx: number, dy: number) => void} pan
 * @property {(at: Vec2, factor: number) => void} zoom
 */

const DECIDED_PX = 12;
const SLICE_PX = 12; // that two fingers go for one slice

/** @param {Fingers} fingers @returns {Vec2} */
const middleOf = ([a, b]) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
/** @param {Fingers} fingers */
const distanceOf = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * What two fingers mean; null while it may be anything.
 *
 * @param {Fingers} start where they began
 * @param {Fingers} now
 */
export function intentOf(start, now) {
  const [from, to] = [middleOf(start), middleOf(now)];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const spread = Math.abs(distanceOf(now) - distanceOf(start));
  if (Math.max(spread, Math.abs(dx), Math.abs(dy)) < DECIDED_PX) return null;
  if (spread > Math.hypot(dx, dy)) return 'pinch';
  return Math.abs(dy) > Math.abs(dx) ? 'scroll' : 'pan';
}

/**
 * A gesture of two fingers.
 *
 * @param {Fingers} start
 * @param {TwoFingerActions} on
 */
export function createTwoFingers(start, on) {
  /** @type {ReturnType<typeof intentOf>} */
  let intent = null;
  let before = start;
  let rest = 0;

  const act = {
    /** @param {Vec2} from @param {Vec2} to */
    scroll(from, to) {
      rest += to[1] - from[1];
      const whole = Math.trunc(rest / SLICE_PX);
      rest -= whole * SLICE_PX;
      if (whole) on.scroll(whole);
    },
    /** @param {Vec2} from @param {Vec2} to */
    pan: (from, to) => on.pan(to[0] - from[0], to[1] - from[1]),
    /** @param {Vec2} from @param {Vec2} to @param {Fingers} now */
    pinch(from, to, now) {
      on.pan(to[0] - from[0], to[1] - from[1]);
      on.zoom(to, distanceOf(now) / Math.max(1, distanceOf(before)));
    },
  };

  return {
    /** The fingers are at `now`. @param {Fingers} now */
    move(now) {
      intent ??= intentOf(start, now);
      if (!intent) return;
      act[intent](middleOf(before), middleOf(now), now);
      before = now;
    },
  };
}
