/**
 * A scan straightened along a curve: a frame whose axes are right, anterior and along the curve, all in mm, and which
 * place of it is which in the patient (pure). On the curve lengths along it are true, and across it everywhere; beside
 * it what the curve bends around is stretched or pressed together, and angles are not those of the patient.
 */
import { PLANES } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES, clamp, cross, dot, minus } from '../core/vectors.js';
/**
 * @import { Frame, Grid, Numbers, Vec3 } from '../types.js'
 * @import { Centreline } from './centreline.js'
 */

/** @typedef {ReturnType<typeof straighten>} Straightened */

const HALF_MM = 75; // shown on each side of the curve
const ROUNDS = 10; // each leaves a third of what is wrong, or less, as a rule

/** Three numbers of a list. @param {Float64Array} list @param {number} n @returns {Vec3} */
const triple = (list, n) => [list[3 * n], list[3 * n + 1], list[3 * n + 2]];

/**
 * @param {Centreline} line
 */
export function straighten(line) {
  const { step, count, points, right, anterior } = line;
  const half = Math.round(HALF_MM / step);

  /** A vector between the points of the curve. @param {Float64Array} list @param {number} k */
  function between(list, k) {
    const low = clamp(Math.floor(k), 0, count - 2);
    const [a, b] = [triple(list, low), triple(list, low + 1)];
    return a.map((part, axis) => part + (k - low) * (b[axis] - part));
  }

  /** RAS+ mm of a place of the frame: to the right and to the front of the curve, along it. @param {Numbers} at */
  function toPatient([toRight, toFront, along]) {
    const k = along / step;
    const [point, r, a] = [points, right, anterior].map((list) => between(list, k));
    return /** @type {Vec3} */ (point.map((mm, axis) => mm + toRight * r[axis] + toFront * a[axis]));
  }

  /** The inverse: by the point of the curve that is nearest. @param {Numbers} world RAS+ mm @returns {Vec3} */
  function toStraight(world) {
    let k = nearest(points, world);
    // Until the plane across the curve holds the place: between its points, and where the nearest is not the right one.
    for (let round = 0; round < ROUNDS; round += 1) {
      const along = cross(between(right, k), between(anterior, k));
      k = clamp(k + dot(minus(world, between(points, k)), along) / step, 0, count - 1);
    }
    const from = minus(world, between(points, k));
    return [dot(from, between(right, k)), dot(from, between(anterior, k)), k * step];
  }

  /** @type {Frame} */
  const frame = {
    shape: [2 * half + 1, 2 * half + 1, count],
    spacing_mm: [step, step, step],
    origin_mm: [-half * step, -half * step, 0],
    direction: AXES.map((row) => AXES.map((axis) => (row === axis ? 1 : 0))),
    aligned: false,
    bend(grid, plane, slice, k) {
      const across = PLANES[plane].axis === 0 ? anterior : right; // along the picture's rows
      const normal = PLANES[plane].axis === 0 ? right : anterior;
      const [point, u, n] = [points, across, normal].map((list) => triple(list, k));
      const index = (/** @type {number} */ x, /** @type {number} */ depth) =>
        worldToIndex(grid, point.map((mm, axis) => mm + step * ((x - half) * u[axis] + (depth - half) * n[axis])));
      const start = index(0, slice);
      return { start, du: minus(index(1, slice), start), dv: [0, 0, 0], dn: minus(index(0, slice + 1), start) };
    },
  };
  return { frame, toPatient, toStraight };
}

/** The number of the point nearest to a place. @param {Float64Array} points @param {Numbers} world */
function nearest(points, [x, y, z]) {
  let [best, least] = [0, Infinity];
  for (let n = 0; n < points.length; n += 3) {
    const distance = (points[n] - x) ** 2 + (points[n + 1] - y) ** 2 + (points[n + 2] - z) ** 2;
    if (distance < least) [best, least] = [n / 3, distance];
  }
  return best;
}

/**
 * How far the points are apart: as the scan's finest voxels, within reason.
 *
 * @param {Grid} grid of the scan
 */
export const stepFor = ({ spacing_mm }) => clamp(Math.min(...spacing_mm), 0.5, 1);
