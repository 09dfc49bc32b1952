/**
 * A brush: all voxels whose middle is within a radius of a line, in mm, whatever way the grid lies (pure). A disc takes
 * those that its plane passes through.
 */
import { axisVector, clampIndex, indexToWorld } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES, cross, dot, minus } from '../core/vectors.js';
/** @import { Grid, Numbers } from '../types.js' */
/** @import { Change, LabelVolume } from './label-volume.js' */

/**
 * What may become of a voxel.
 *
 * @typedef {object} Rule
 * @property {number} value label that is written; 0 erases
 * @property {Uint8Array} over by label: 1 where it may be written over
 * @property {?Numbers} hu lowest and highest HU of the voxels that may change; null: all
 */
/** @typedef {{from: Numbers, to: Numbers, radius: number, normal: ?Numbers}} Stroke places in RAS+ mm */

/** 1 for these labels. @param {Iterable<number>} labels */
export function setOf(labels) {
  const table = new Uint8Array(256);
  for (const label of labels) table[label] = 1;
  return table;
}

/** The columns of a grid's matrix: steps of one voxel, mm. @param {Grid} grid */
export const stepsOf = (grid) => AXES.map((axis) => axisVector(grid, axis).map((part) => part * grid.spacing_mm[axis]));

/** The volume of a voxel, ml; a sheared grid's is smaller than the product of its sides. @param {Grid} grid */
export function voxelMl(grid) {
  const [i, j, k] = stepsOf(grid);
  return Math.abs(dot(i, cross(j, k))) / 1000;
}

/**
 * How far along each index axis a ball of 1 mm reaches: the lengths of the inverse matrix's rows.
 *
 * @param {Grid} grid
 */
function reachOf(grid) {
  const [i, j, k] = stepsOf(grid);
  const volume = Math.abs(dot(i, cross(j, k)));
  return [cross(j, k), cross(k, i), cross(i, j)].map((row) => Math.hypot(...row) / volume);
}

/** Half of what a voxel covers along a direction, mm: a plane nearer than that passes through it. */
const halfVoxel = (/** @type {Grid} */ grid, /** @type {Numbers} */ normal) =>
  stepsOf(grid).reduce((sum, step) => sum + Math.abs(dot(step, normal)), 0) / 2;

/**
 * The voxels low..high that a stroke may reach, ends included; null where it misses the scan.
 *
 * @param {Grid} grid
 * @param {Stroke} stroke
 */
function reached(grid, { from, to, radius }) {
  const [a, b] = [worldToIndex(grid, from), worldToIndex(grid, to)];
  const reach = reachOf(grid);
  const low = AXES.map((n) => Math.max(0, Math.ceil(Math.min(a[n], b[n]) - radius * reach[n] - 0.5)));
  const high = AXES.map((n) =>
    Math.min(grid.shape[n] - 1, Math.floor(Math.max(a[n], b[n]) + radius * reach[n] + 0.5)),
  );
  return AXES.every((n) => low[n] <= high[n]) ? { low, high } : null;
}

/**
 * Whether a place is in a stroke: a function of its distance from the stroke's beginning, mm.
 *
 * @param {Grid} grid
 * @param {Stroke} stroke
 * @returns {(x: number, y: number, z: number) => boolean}
 */
function within(grid, { from, to, radius, normal }) {
  const [ax, ay, az] = minus(to, from);
  const length2 = ax * ax + ay * ay + az * az;
  const [nx, ny, nz] = normal ?? [0, 0, 0];
  // Of a plane half way between two layers of voxels the upper layer is shown (nearestRow): that one is painted.
  const half = normal ? halfVoxel(grid, normal) : Infinity;
  const above = half * (1 + 1e-6);
  const below = half * (-1 + 1e-6);
  const r2 = radius * radius * (1 + 1e-9);
  return (x, y, z) => {
    const off = x * nx + y * ny + z * nz;
    if (off > above || off < below) return false;
    // Not arrays: this is asked for each voxel of a dab.
    const px = x - off * nx;
    const py = y - off * ny;
    const pz = z - off * nz;
    const t = length2 ? Math.min(1, Math.max(0, (px * ax + py * ay + pz * az) / length2)) : 0;
    const dx = px - t * ax;
    const dy = py - t * ay;
    const dz = pz - t * az;
    return dx * dx + dy * dy + dz * dz <= r2;
  };
}

/**
 * Paint one piece of a stroke; the voxel under its end is painted however small the brush is.
 *
 * @param {LabelVolume} volume with an open transaction
 * @param {Int16Array} hu of the whole grid
 * @param {Stroke} stroke
 * @param {Rule} rule
 * @returns {?Change} null if no voxel changed
 */
export function paint(volume, hu, stroke, rule) {
  const grid = volume.whole;
  const box = reached(grid, stroke);
  if (!box) return null;
  volume.open(box.low, box.high);
  const isIn = within(grid, stroke);
  const [si, sj, sk] = stepsOf(grid);
  const origin = minus(indexToWorld(grid, [0, 0, 0]), stroke.from);
  const change = createChange(volume, hu, rule);
  for (let k = box.low[2]; k <= box.high[2]; k += 1)
    for (let j = box.low[1]; j <= box.high[1]; j += 1) {
      const [x, y, z] = AXES.map((n) => origin[n] + k * sk[n] + j * sj[n]);
      for (let i = box.low[0]; i <= box.high[0]; i += 1)
        if (isIn(x + i * si[0], y + i * si[1], z + i * si[2])) change.set(i, j, k);
    }
  const [i, j, k] = clampIndex(grid, worldToIndex(grid, stroke.to));
  if (AXES.every((n) => [i, j, k][n] >= box.low[n] && [i, j, k][n] <= box.high[n])) change.set(i, j, k);
  return change.done();
}

/** A box that grows around voxels. */
function createBounds() {
  const low = [Infinity, Infinity, Infinity];
  const high = [-1, -1, -1];
  return {
    low,
    high,
    /** @param {number} axis @param {number} at */
    add(axis, at) {
      if (at < low[axis]) low[axis] = at;
      if (at > high[axis]) high[axis] = at;
    },
  };
}

/**
 * Writes voxels by a rule, and remembers where.
 *
 * @param {LabelVolume} volume whose box holds all of them
 * @param {Int16Array} hu
 * @param {Rule} rule
 */
export function createChange(volume, hu, { value, over, hu: range }) {
  const [ni, nj] = volume.whole.shape;
  const { low, high, add } = createBounds();
  /** @type {Set<number>} */
  const labels = new Set();
  const { values } = volume.box;
  const [least, most] = range ?? [-Infinity, Infinity];
  return {
    /** @param {number} i @param {number} j @param {number} k */
    set(i, j, k) {
      const at = volume.rowAt(i, j, k);
      const before = values[at];
      if (before === value || !over[before]) return;
      const density = hu[i + ni * (j + nj * k)];
      if (density < least || density > most) return;
      values[at] = value;
      labels.add(before);
      add(0, i);
      add(1, j);
      add(2, k);
    },
    /** @returns {?Change} */
    done() {
      if (high[0] < 0) return null;
      labels.add(value).delete(0);
      return { low, high, labels };
    },
  };
}
