/**
 * Where the tracker stands in the headset's room: from places that both know, the tool's tip held to a controller's.
 * Matrices are 4x4, column-major (gl-matrix), rigid, and map column vectors in mm.
 */
import { mat4, quat, vec3 } from 'gl-matrix';
import { AXES } from '../core/vectors.js';
/** @import { Numbers, Vec3 } from '../types.js' */

/** @typedef {{room: Numbers, tracker: Numbers}} Pair one place, mm of the room and mm of the tracker */
/** @typedef {'more' | 'line' | 'off' | 'done'} AlignState */

export const TOUCHES = 4;
export const LEAST_SPREAD_MM = 60; // of the touches across their longest line
export const MOST_RMS_MM = 8; // a controller's end is known to some mm
const SQUARINGS = 12;

/** @param {Numbers[]} places @returns {Vec3} */
const meanOf = (places) => AXES.map((n) => places.reduce((sum, place) => sum + place[n], 0) / places.length);

/**
 * The rigid motion that brings `from` onto `to` best (least squares), by Horn's quaternion (1987,
 * doi:10.1364/JOSAA.4.000629): never a reflection.
 *
 * @param {Numbers[]} from at least three places, not on one line, mm
 * @param {Numbers[]} to the same places, mm
 * @returns {{matrix: mat4, rms: number}} root of the mean squared distance that is left, mm
 */
export function pairedFit(from, to) {
  const [a, b] = [meanOf(from), meanOf(to)];
  const s = (/** @type {number} */ i, /** @type {number} */ j) =>
    from.reduce((sum, place, n) => sum + (place[i] - a[i]) * (to[n][j] - b[j]), 0);
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = AXES.flatMap((i) => AXES.map((j) => s(i, j)));
  /** @type {any} rows of a symmetric matrix; its greatest eigenvector is the rotation (w, x, y, z) */
  const power = [
    xx + yy + zz, yz - zy, zx - xz, xy - yx,
    yz - zy, xx - yy - zz, xy + yx, zx + xz,
    zx - xz, xy + yx, yy - xx - zz, yz + zy,
    xy - yx, zx + xz, yz + zy, zz - xx - yy,
  ];
  const shift = Math.hypot(...power);
  [0, 5, 10, 15].forEach((n) => (power[n] += shift)); // no eigenvalue is negative now
  for (let n = 0; n < SQUARINGS; n += 1) {
    mat4.multiply(power, power, power);
    const most = Math.hypot(...power) || 1;
    power.forEach((/** @type {number} */ value, /** @type {number} */ at) => (power[at] = value / most));
  }
  const columns = [0, 1, 2, 3].map((c) => power.slice(4 * c, 4 * c + 4));
  const [w, x, y, z] = columns.reduce((best, next) => (Math.hypot(...next) > Math.hypot(...best) ? next : best));
  const turn = quat.normalize(quat.create(), [x, y, z, w]);
  const shifted = vec3.subtract(vec3.create(), b, vec3.transformQuat(vec3.create(), a, turn));
  const matrix = mat4.fromRotationTranslation(mat4.create(), turn, shifted);
  const left = from.reduce((sum, place, n) => {
    const there = vec3.transformMat4(vec3.create(), /** @type {Vec3} */ (place), matrix);
    return sum + vec3.squaredDistance(there, /** @type {Vec3} */ (to[n]));
  }, 0);
  return { matrix, rms: Math.sqrt(left / from.length) };
}

/** How far places spread across the longest line between two of them, mm. @param {Numbers[]} places */
export function spreadOf(places) {
  let [longest, ends] = [0, [places[0], places[0]]];
  places.forEach((a) =>
    places.forEach((b) => {
      const mm = Math.hypot(...AXES.map((n) => a[n] - b[n]));
      if (mm > longest) [longest, ends] = [mm, [a, b]];
    }),
  );
  if (!longest) return 0;
  const way = AXES.map((n) => (ends[1][n] - ends[0][n]) / longest);
  return Math.max(
    ...places.map((place) => {
      const from = AXES.map((n) => place[n] - ends[0][n]);
      const along = AXES.reduce((sum, n) => sum + from[n] * way[n], 0);
      return Math.hypot(...AXES.map((n) => from[n] - along * way[n]));
    }),
  );
}

/** Touches so far, and what they give; those that fit badly are all forgotten. */
export function createAlignment() {
  /** @type {Pair[]} */
  let pairs = [];
  return {
    get count() {
      return pairs.length;
    },
    /**
     * One more touch.
     *
     * @param {Numbers} room mm
     * @param {Numbers} tracker mm
     * @returns {{state: AlignState, roomFromTracker: mat4 | null, rms: number}} `line`: the touches lie too near to one
     *   line, more are needed; `off`: they do not fit together and are forgotten
     */
    add(room, tracker) {
      pairs = [...pairs, { room, tracker }];
      if (pairs.length < TOUCHES) return { state: 'more', roomFromTracker: null, rms: NaN };
      if (spreadOf(pairs.map((pair) => pair.tracker)) < LEAST_SPREAD_MM)
        return { state: 'line', roomFromTracker: null, rms: NaN };
      const { matrix, rms } = pairedFit(pairs.map((pair) => pair.tracker), pairs.map((pair) => pair.room));
      if (rms <= MOST_RMS_MM) return { state: 'done', roomFromTracker: matrix, rms };
      pairs = [];
      return { state: 'off', roomFromTracker: null, rms };
    },
  };
}
