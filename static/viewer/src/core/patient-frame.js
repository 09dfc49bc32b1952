/**
 * The patient's own planes. A frame is a grid like the scan's, but its axes are exactly R, A and S: it covers the scan,
 * and its steps are the scan's voxel sizes along the closest axes. Where the scan is not oblique, both are the same.
 */
import { indexToWorld } from './geometry.js';

const ALIGNED = 1e-4; // of a direction cosine: an axis within 0.006 degrees of the patient's is the patient's
const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** Whether the grid's axes are the patient's: then slices need no interpolation. */
export function isAligned(grid) {
  return IDENTITY.every((row, r) => row.every((one, axis) => Math.abs(grid.direction[r][axis] - one) <= ALIGNED));
}

const cross = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** RAS+ mm to (i, j, k), fractional. The inverse of `indexToWorld`, also where a tilted gantry has sheared the grid. */
export function worldToIndex(grid, world) {
  const from = world.map((mm, row) => mm - grid.origin_mm[row]);
  const [i, j, k] = [0, 1, 2].map((axis) => grid.direction.map((row) => row[axis]));
  const volume = dot(i, cross(j, k));
  return [cross(j, k), cross(k, i), cross(i, j)].map((normal, axis) => dot(normal, from) / volume / grid.spacing_mm[axis]);
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
