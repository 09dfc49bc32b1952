/**
 * The patient's own planes. A frame is a grid like the scan's, but its axes are exactly R, A and S: it covers the scan,
 * and its steps are the scan's voxel sizes along the closest axes. Where the scan is not oblique, both are the same.
 */
import { indexToWorld } from './geometry.js';
import { AXES, cross, dot } from './vectors.js';
/** @import { Frame, Grid, Numbers, Vec3 } from '../types.js' */

const ALIGNED = 1e-4; // of a direction cosine: an axis within 0.006 degrees of the patient's is the patient's
const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Whether the grid's axes are the patient's: then slices need no interpolation. @param {Grid} grid */
export function isAligned(grid) {
  return IDENTITY.every((row, r) => row.every((one, axis) => Math.abs(grid.direction[r][axis] - one) <= ALIGNED));
}

/**
 * RAS+ mm to (i, j, k), fractional: the inverse of `indexToWorld`, also where a tilted gantry has sheared the grid.
 *
 * @param {Grid} grid
 * @param {Numbers} world
 * @returns {Vec3}
 */
export function worldToIndex(grid, world) {
  const from = AXES.map((row) => world[row] - grid.origin_mm[row]);
  const [i, j, k] = AXES.map((axis) => grid.direction.map((row) => row[axis]));
  const volume = dot(i, cross(j, k));
  /** @type {[Vec3, Vec3, Vec3]} */
  const normals = [cross(j, k), cross(k, i), cross(i, j)];
  return normals.map((normal, axis) => dot(normal, from) / volume / grid.spacing_mm[axis]);
}

/** @param {number[]} shape */
const corners = (shape) =>
  Array.from({ length: 8 }, (_, n) => shape.map((size, axis) => ((n >> axis) & 1) * (size - 1)));

/**
 * The frame of a scan.
 *
 * @param {Grid} grid
 * @returns {Frame}
 */
export function frameOf(grid) {
  if (isAligned(grid)) return { ...grid, direction: IDENTITY, aligned: true };
  const places = corners(grid.shape).map((corner) => indexToWorld(grid, corner));
  const low = AXES.map((axis) => Math.min(...places.map((mm) => mm[axis])));
  const high = AXES.map((axis) => Math.max(...places.map((mm) => mm[axis])));
  const shape = grid.spacing_mm.map((mm, axis) => Math.ceil((high[axis] - low[axis]) / mm - 1e-6) + 1);
  return { shape, spacing_mm: [...grid.spacing_mm], origin_mm: low, direction: IDENTITY, aligned: false };
}

/**
 * Whether a fractional voxel index lies in the scan, voxels' outer halves included.
 *
 * @param {Grid} grid
 * @param {Numbers} index
 */
export function isInside(grid, index) {
  return index.every((value, axis) => value >= -0.5001 && value <= grid.shape[axis] - 0.4999);
}
