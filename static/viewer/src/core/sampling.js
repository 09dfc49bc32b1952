/** Smaller copies of a volume for the 3D view: how much smaller, on which grid, and their voxels. */
import { indexToWorld } from './geometry.js';
/** @import { Grid, Voxels } from '../types.js' */

// A tab of a tablet with 4 GB should stay below 700 MB. A page without a scan takes 250; the scan's voxels, two bytes
// each, come next, because slices show all of them. Of what is left each voxel of the 3D view takes eight bytes: its
// HU, their copies on the way to the graphics card for two views, and its label with its copy (bench/viewer_tablet.py).
const TAB_BYTES = 700e6;
const PAGE_BYTES = 250e6;
const BYTES_IN_3D = 8;
const FEWEST = 4e6;
const MOST = 48e6; // about what a tablet's graphics card has room for

/**
 * How many voxels the 3D view of a scan may have, where a graphics card draws it.
 *
 * @param {{shape: number[]}} grid of the scan
 * @param {boolean} tablet whether the device has little memory
 */
export function voxelsFor3d({ shape: [ni, nj, nk] }, tablet) {
  if (!tablet) return MOST;
  const left = TAB_BYTES - PAGE_BYTES - 2 * ni * nj * nk;
  return Math.min(MOST, Math.max(FEWEST, left / BYTES_IN_3D));
}

/**
 * How many voxels along i, j, k make one of the 3D view's. Slices always show every voxel.
 *
 * @param {Grid} grid
 * @param {number} most voxels of the 3D view
 * @param {number} longest side of the 3D view: the largest 3D texture of the device
 */
export function factorsFor(grid, most, longest = Infinity) {
  const factors = grid.shape.map((n) => Math.ceil(n / longest) || 1);
  const count = () => grid.shape.reduce((product, n, axis) => product * Math.ceil(n / factors[axis]), 1);
  const spacing = (/** @type {number} */ axis) => grid.spacing_mm[axis] * factors[axis];
  while (count() > most) {
    // The axis with the finest spacing loses first, so that voxels become more cubic.
    const finest = [0, 1, 2].reduce((a, b) => (spacing(b) < spacing(a) ? b : a));
    factors[finest] += 1;
  }
  return factors;
}

/**
 * The grid of blocks of `factors` voxels: a block lies in the middle of its voxels.
 *
 * @param {Grid} grid
 * @param {number[]} factors
 * @returns {Grid}
 */
export function coarser(grid, factors) {
  return {
    ...grid,
    shape: grid.shape.map((n, axis) => Math.ceil(n / factors[axis])),
    spacing_mm: grid.spacing_mm.map((mm, axis) => mm * factors[axis]),
    origin_mm: indexToWorld(grid, factors.map((factor) => (factor - 1) / 2)),
  };
}

/**
 * The voxel next to the middle of each block of `factor`, along an axis of `n` voxels.
 *
 * @param {number} n
 * @param {number} factor
 */
export function blockCentres(n, factor) {
  const first = Math.floor((factor - 1) / 2);
  return Array.from({ length: Math.ceil(n / factor) }, (_, block) => Math.min(n - 1, first + block * factor));
}

/**
 * One voxel of each block of `factors`, the one next to its middle; the same array where each block is a voxel.
 *
 * @template {Voxels} Values
 * @param {Values} values i fastest
 * @param {number[]} shape
 * @param {number[]} factors
 * @returns {Values}
 */
export function thinned(values, shape, factors) {
  if (factors.every((factor) => factor === 1)) return values;
  const [ni, nj] = shape;
  const [is, js, ks] = shape.map((n, axis) => blockCentres(n, factors[axis]));
  const Values = /** @type {new (length: number) => Values} */ (values.constructor);
  const result = new Values(is.length * js.length * ks.length);
  let at = 0;
  for (const k of ks)
    for (const j of js) {
      const row = ni * (j + nj * k);
      for (let n = 0; n < is.length; n += 1) result[at++] = values[row + is[n]];
    }
  return result;
}
