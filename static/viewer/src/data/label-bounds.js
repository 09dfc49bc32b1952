/**
 * The box that a mask's labels fill, and nothing of what is around it: a spine is a twentieth of its scan, and the rest
 * of its label volume, half as large as the scan itself, is zeros (pure).
 */
import { indexToWorld } from '../core/geometry.js';
import { blockCentres } from '../core/sampling.js';
/** @import { Grid, LabelBox } from '../types.js' */

/** @typedef {[first: number, last: number]} Range */
/** @typedef {{i: Range, j: Range, rows: Uint8Array}} Cut what of one slice is filled, copied */

/**
 * First and last place where `bytes` are not 0; null where all are.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} end not included
 * @returns {?Range}
 */
function filled(bytes, start, end) {
  let first = start;
  while (first < end && bytes[first] === 0) first += 1;
  if (first === end) return null;
  let last = end - 1;
  while (bytes[last] === 0) last -= 1;
  return [first, last];
}

/**
 * What of one slice is filled; null if nothing is.
 *
 * @param {Uint8Array} bytes
 * @param {number} ni
 * @param {number} nj
 * @returns {?Cut}
 */
function cut(bytes, ni, nj) {
  const all = filled(bytes, 0, ni * nj);
  if (!all) return null;
  const j = all.map((at) => Math.floor(at / ni));
  let [low, high] = [ni, -1];
  for (let row = j[0]; row <= j[1]; row += 1) {
    const found = filled(bytes, row * ni, (row + 1) * ni);
    if (!found) continue;
    low = Math.min(low, found[0] - row * ni);
    high = Math.max(high, found[1] - row * ni);
  }
  const width = high - low + 1;
  const rows = new Uint8Array(width * (j[1] - j[0] + 1));
  for (let row = j[0]; row <= j[1]; row += 1)
    rows.set(bytes.subarray(row * ni + low, row * ni + high + 1), (row - j[0]) * width);
  return { i: [low, high], j, rows };
}

/**
 * The box of slices that were cut; one empty voxel where there are none.
 *
 * @param {(Cut & {k: number})[]} slices in rising order
 * @returns {LabelBox}
 */
function boxOf(slices) {
  if (!slices.length) return { first: [0, 0, 0], shape: [1, 1, 1], values: new Uint8Array(1) };
  const low = (/** @type {'i' | 'j'} */ axis) => Math.min(...slices.map((slice) => slice[axis][0]));
  const high = (/** @type {'i' | 'j'} */ axis) => Math.max(...slices.map((slice) => slice[axis][1]));
  const first = [low('i'), low('j'), slices[0].k];
  const last = [high('i'), high('j'), slices[slices.length - 1].k];
  const shape = last.map((n, axis) => n - first[axis] + 1);
  const values = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (const { k, i, j, rows } of slices) {
    const width = i[1] - i[0] + 1;
    for (let row = 0; row <= j[1] - j[0]; row += 1) {
      const line = rows.subarray(row * width, (row + 1) * width);
      values.set(line, i[0] - first[0] + shape[0] * (row + j[0] - first[1] + shape[1] * (k - first[2])));
    }
  }
  return { first, shape, values };
}

/**
 * Takes the slices of a label volume as they come, in rising order.
 *
 * @param {number[]} shape of a slice: voxels along i and j
 */
export function createBoxCollector([ni, nj]) {
  /** @type {(Cut & {k: number})[]} */
  const slices = [];
  return {
    /** @param {number} k @param {Uint8Array} bytes labels, i fastest */
    take(k, bytes) {
      const slice = cut(bytes, ni, nj);
      if (slice) slices.push({ k, ...slice });
    },
    box: () => boxOf(slices),
  };
}

/**
 * The grid of a box's voxels, a part of `grid`.
 *
 * @template {Grid} Whole
 * @param {Whole} grid
 * @param {LabelBox} box
 */
export const gridOf = (grid, { first, shape }) => ({ ...grid, shape, origin_mm: indexToWorld(grid, first) });

/**
 * A whole volume of `shape` with one voxel of each block of `factors`, as `thinned` makes it, of the labels of a box.
 *
 * @param {LabelBox} box
 * @param {number[]} shape
 * @param {number[]} factors
 */
export function thinnedBox({ first, shape: size, values }, shape, factors) {
  const kept = shape.map((n, axis) => blockCentres(n, factors[axis]));
  const [is, js, ks] = kept.map((all, axis) =>
    all.map((at, block) => [block, at - first[axis]]).filter(([, at]) => at >= 0 && at < size[axis]),
  );
  const [mi, mj, mk] = kept.map((all) => all.length);
  const result = new Uint8Array(mi * mj * mk);
  for (const [kb, k] of ks)
    for (const [jb, j] of js) {
      const [to, from] = [mi * (jb + mj * kb), size[0] * (j + size[1] * k)];
      for (const [ib, i] of is) result[to + ib] = values[from + i];
    }
  return result;
}
