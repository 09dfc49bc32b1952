/** What measurements amount to. Points are RAS+ mm; the server computes the same (webapp/storage/measurements.py). */
import { AXES, clamp, dot, midpoint, minus } from '../core/vectors.js';
/** @import { EllipseStatistics, Measurement, MeasurementKind, Numbers, Vec3 } from '../types.js' */

/** How many points are set to draw each kind; an ellipse is drawn from corner to corner. */
export const CLICKS = { distance: 2, angle: 3, cobb: 4, ellipse: 2 };
export const KINDS = /** @type {MeasurementKind[]} */ (Object.keys(CLICKS));

const LEAST_AXIS = 0.02; // of a half axis, to which an ellipse can be reshaped at once

/** @param {Numbers} a */
const length = (a) => Math.sqrt(dot(a, a));

/** @param {Numbers} a @param {Numbers} b */
const degrees = (a, b) => {
  const product = length(a) * length(b);
  return product ? (Math.acos(clamp(dot(a, b) / product, -1, 1)) * 180) / Math.PI : 0;
};

/**
 * mm of a distance, degrees of an angle (Cobb: 0 to 90), mm² of an ellipse.
 *
 * @param {MeasurementKind} kind
 * @param {Numbers[]} points
 */
export function valueOf(kind, points) {
  if (kind === 'distance') return length(minus(points[1], points[0]));
  if (kind === 'ellipse') return Math.PI * length(minus(points[1], points[0])) * length(minus(points[2], points[0]));
  if (kind === 'angle') return degrees(minus(points[0], points[1]), minus(points[2], points[1]));
  const angle = degrees(minus(points[1], points[0]), minus(points[3], points[2]));
  return Math.min(angle, 180 - angle); // a line has no direction
}

/**
 * The ellipse that fills a rectangle: its centre and the ends of its half axes.
 *
 * @param {Numbers} a a corner
 * @param {Numbers} b the corner opposite
 * @param {Numbers} c a third corner
 * @returns {[Vec3, Vec3, Vec3]}
 */
export function ellipseIn(a, b, c) {
  const middle = midpoint(a, b);
  const half = (/** @type {Numbers} */ corner) => middle.map((x, n) => x + (c[n] - corner[n]) / 2);
  return [middle, half(a), middle.map((x, n) => x + (b[n] - c[n]) / 2)];
}

/**
 * Mean and standard deviation of the voxels that an ellipse covers: the nearest voxel at steps of `step` mm.
 *
 * @param {Numbers[]} ellipse centre, and ends of the half axes
 * @param {number} step
 * @param {(world: Vec3) => ?number} huAt null outside the scan
 * @returns {?EllipseStatistics} null if it covers none
 */
export function statisticsIn([centre, endA, endB], step, huAt) {
  const axes = [minus(endA, centre), minus(endB, centre)];
  const halves = axes.map(length);
  if (!halves[0] || !halves[1]) return null;
  let [count, sum, squares] = [0, 0, 0];
  const [most, least] = halves.map((half) => Math.floor(half / step));
  for (let i = -most; i <= most; i += 1)
    for (let j = -least; j <= least; j += 1) {
      const [s, t] = [(i * step) / halves[0], (j * step) / halves[1]];
      if (s * s + t * t > 1) continue;
      const hu = huAt(AXES.map((n) => centre[n] + s * axes[0][n] + t * axes[1][n]));
      if (hu === null) continue;
      count += 1;
      sum += hu;
      squares += hu * hu;
    }
  if (!count) return null;
  const mean = sum / count;
  return { mean_hu: mean, sd_hu: Math.sqrt(Math.max(0, squares / count - mean * mean)), voxels: count };
}

/**
 * The points of a measurement with one of them moved. The centre of an ellipse takes the rest along; the ends of its
 * half axes stay on them.
 *
 * @param {Pick<Measurement, 'kind' | 'points'>} measurement
 * @param {number} n which point
 * @param {Vec3} to
 * @returns {Vec3[]}
 */
export function withPoint({ kind, points }, n, to) {
  if (kind !== 'ellipse') return points.map((point, m) => (m === n ? to : point));
  const [centre] = points;
  if (n === 0) return points.map((point) => point.map((x, m) => x + to[m] - centre[m]));
  const axis = minus(points[n], centre);
  const t = Math.max(LEAST_AXIS, dot(minus(to, centre), axis) / (dot(axis, axis) || 1));
  return points.map((point, m) => (m === n ? centre.map((x, k) => x + t * axis[k]) : point));
}

/**
 * The lines of a measurement's text: its value, and the figures of an ellipse.
 *
 * @param {Pick<Measurement, 'kind' | 'points'> & {statistics?: Partial<EllipseStatistics>}} measurement
 */
export function describe({ kind, points, statistics }) {
  const value = valueOf(kind, points);
  if (kind === 'distance') return [`${value.toFixed(1)} mm`];
  if (kind !== 'ellipse') return [`${value.toFixed(1)}°`];
  const lines = [`${value.toFixed(0)} mm²`];
  const { voxels, mean_hu: mean, sd_hu: sd } = statistics ?? {};
  if (voxels && mean !== undefined && sd !== undefined) lines.unshift(`${mean.toFixed(0)} ± ${sd.toFixed(0)} HU`);
  return lines;
}
