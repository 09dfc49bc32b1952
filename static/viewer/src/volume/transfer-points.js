/** Points of a transfer function, moved, added and removed: new lists, the old ones stay. A point is [HU, values]. */
import { clamp } from '../core/vectors.js';
/** @import { Numbers, Rgb, Voxels } from '../types.js' */

/** @typedef {number[][]} Points opacity points [HU, opacity] or colour points [HU, r, g, b], rising in HU */

/** Lowest and highest HU on the editor's axis. */
export const AXIS = [-1024, 3071];
const NEAREST = 2; // HU between two points

/**
 * Move a point; it stays between its neighbours.
 *
 * @param {Points} points
 * @param {number} n which
 * @param {number} hu
 * @param {Numbers} rest its other values from now on
 * @returns {Points}
 */
export function movePoint(points, n, hu, rest) {
  const low = n > 0 ? points[n - 1][0] + NEAREST : AXIS[0];
  const high = n < points.length - 1 ? points[n + 1][0] - NEAREST : AXIS[1];
  return points.map((point, m) => (m === n ? [Math.round(clamp(hu, low, Math.max(low, high))), ...rest] : point));
}

/**
 * Add a point; `index` is its place in the list.
 *
 * @param {Points} points
 * @param {number} hu
 * @param {Numbers} rest its other values
 */
export function addPoint(points, hu, rest) {
  const point = [Math.round(clamp(hu, AXIS[0], AXIS[1])), ...rest];
  const others = points.filter(([other]) => Math.abs(other - point[0]) >= NEAREST);
  const next = [...others, point].sort((a, b) => a[0] - b[0]);
  return { points: next, index: next.indexOf(point) };
}

/** Remove a point; two points always stay. @param {Points} points @param {number} n */
export function removePoint(points, n) {
  return points.length > 2 ? points.filter((_, m) => m !== n) : points;
}

/**
 * The value (all but HU), linear between points and constant beyond them.
 *
 * @param {Points} points
 * @param {number} hu
 */
export function valueAt(points, hu) {
  if (hu <= points[0][0]) return points[0].slice(1);
  const n = points.findIndex(([other]) => other >= hu);
  if (n < 0) return points[points.length - 1].slice(1);
  const [a, b] = [points[n - 1], points[n]];
  const t = (hu - a[0]) / (b[0] - a[0] || 1);
  return a.slice(1).map((value, m) => value + t * (b[m + 1] - value));
}

/**
 * How often each of equal steps of AXIS occurs, as the square root of its share of the tallest, 0 to 1.
 *
 * @param {Voxels} values HU
 * @param {number} bins steps of AXIS
 * @param {number} most values that are read
 */
export function histogram(values, bins = 128, most = 400_000) {
  const counts = new Float64Array(bins);
  const [low, high] = AXIS;
  const step = Math.max(1, Math.floor(values.length / most));
  for (let n = 0; n < values.length; n += step) {
    const bin = Math.floor(((values[n] - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
  }
  // Air around the patient would dwarf all else.
  const tallest = counts.reduce((found, count, bin) => (bin > bins / 32 ? Math.max(found, count) : found), 1);
  return Array.from(counts, (count) => Math.min(1, Math.sqrt(count / tallest)));
}

/** @param {number} x 0 to 1 */
const hex = (x) => Math.round(255 * clamp(x, 0, 1)).toString(16).padStart(2, '0');

/** [r, g, b], 0 to 1, as "#rrggbb". @param {Numbers} rgb */
export const toHex = (rgb) => `#${rgb.map(hex).join('')}`;

/** "#rrggbb" as [r, g, b], 0 to 1. @param {string} text */
export const fromHex = (text) =>
  /** @type {Rgb} */ ([1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16) / 255));
