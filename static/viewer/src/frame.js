/**
 * The patient's own planes. A frame is a grid like the scan's, but its axes are exactly R, A and S: it covers the scan,
 * and its steps are the scan's voxel sizes along the closest axes. Where the scan is not oblique, both are the same.
 */
import { indexToWorld } from './geometry.js';

const ALIGNED_COS = 1 - 1e-6; // an axis within 0.08 degrees of the patient's is the patient's
const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Whether the grid's axes are the patient's: then slices need no interpolation. */
export function isAligned(grid) {
  return [0, 1, 2].every((axis) => grid.direction[axis][axis] >= ALIGNED_COS);
}

/** RAS+ mm to (i, j, k), fractional. The inverse of `indexToWorld`. */
export function worldToIndex(grid, world) {
  const from = world.map((mm, row) => mm - grid.origin_mm[row]);
  return [0, 1, 2].map(
    (axis) => from.reduce((sum, mm, row) => sum + grid.direction[row][axis] * mm, 0) / grid.spacing_mm[axis],
  );
}

const corners = (shape) => Array.from({ length: 8 }, (_, n) => shape.map((size, axis) => ((n >> axis) & 1) * (size - 1)));

/** The frame of a scan: { shape, spacing_mm, origin_mm, direction, aligned }. */
export function frameOf(grid) {
  if (isAligned(grid)) return { ...grid, direction: IDENTITY, aligned: true };
  const places = corners(grid.shape).map((corner) => indexToWorld(grid, corner));
  const low = [0, 1, 2].map((axis) => Math.min(...places.map((mm) => mm[axis])));
  const high = [0, 1, 2].map((axis) => Math.max(...places.map((mm) => mm[axis])));
  const shape = grid.spacing_mm.map((mm, axis) => Math.ceil((high[axis] - low[axis]) / mm - 1e-6) + 1);
  return { shape, spacing_mm: [...grid.spacing_mm], origin_mm: low, direction: IDENTITY, aligned: false };
}

/** Whether a fractional voxel index lies in the scan, voxels' outer halves included. */
export function isInside(grid, index) {
  return index.every((value, axis) => value >= -0.5001 && value <= grid.shape[axis] - 0.4999);
}
