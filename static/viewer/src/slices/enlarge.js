/** A picture of more elements than the scan has, interpolated before it is windowed; plain arrays in and out. */
import { clamp } from '../core/vectors.js';
/** @import { Vec2 } from '../types.js' */

const MOST_FACTOR = 8; // more are not seen
const MOST_ELEMENTS = 0.8e6; // of an enlarged picture: some milliseconds of a processor

/**
 * How many elements each element of a picture becomes, across and down, so that one is about a pixel of the screen.
 *
 * @param {Vec2} shape elements of the picture
 * @param {Vec2} spacing mm between them
 * @param {number} mmPerPx of the screen
 * @returns {Vec2}
 */
export function factorsFor(shape, spacing, mmPerPx) {
  const [across, down] = spacing.map((mm) => clamp(Math.ceil(mm / mmPerPx - 0.25), 1, MOST_FACTOR));
  const elements = (/** @type {number} */ a, /** @type {number} */ d) => shape[0] * a * shape[1] * d;
  let [a, d] = [across, down];
  while (elements(a, d) > MOST_ELEMENTS && a * d > 1) {
    if (a >= d) a -= 1;
    else d -= 1;
  }
  return [a, d];
}

/**
 * Where the elements of an enlarged line lie between those of the line: the one before, and how far towards the next.
 *
 * @param {number} count of the line
 * @param {number} factor
 */
function between(count, factor) {
  const first = new Uint32Array(count * factor);
  const part = new Float32Array(count * factor);
  for (let n = 0; n < first.length; n += 1) {
    const at = clamp((n + 0.5) / factor - 0.5, 0, count - 1); // an element reaches half its width around its middle
    first[n] = Math.min(Math.floor(at), Math.max(count - 2, 0));
    part[n] = at - first[n];
  }
  return { first, part };
}

/**
 * Enlarge a picture, linearly between its elements; its border goes on as it is.
 *
 * @param {Int16Array} values row after row
 * @param {Vec2} shape of the picture
 * @param {Vec2} factors see factorsFor
 * @param {Int16Array} into filled
 */
export function enlarge(values, [width, height], [across, down], into) {
  const columns = between(width, across);
  const rows = between(height, down);
  const wide = columns.first.length;
  const beside = width > 1 ? 1 : 0;
  const below = height > 1 ? width : 0;
  for (let y = 0; y < rows.first.length; y += 1) {
    const row = rows.first[y] * width;
    const q = rows.part[y];
    for (let x = 0; x < wide; x += 1) {
      const at = row + columns.first[x];
      const p = columns.part[x];
      const upper = values[at] + p * (values[at + beside] - values[at]);
      const lower = values[at + below] + p * (values[at + below + beside] - values[at + below]);
      into[y * wide + x] = Math.round(upper + q * (lower - upper));
    }
  }
}
