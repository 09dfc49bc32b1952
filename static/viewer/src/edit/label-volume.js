/**
 * Labels that can be changed (pure): a box of the scan's grid that grows where somebody paints beyond it, transactions
 * that know every voxel they changed, and the blocks that were changed since they were last stored.
 */
import { gridOf } from '../data/label-bounds.js';
import { AXES } from '../core/vectors.js';
import { createRuns } from './runs.js';
/** @import { Grid, LabelBox, Numbers } from '../types.js' */
/** @import { Delta } from './runs.js' */

/** What a change touched: the box of its voxels, ends included, and the labels that came or went. */
/** @typedef {{low: number[], high: number[], labels: Set<number>}} Change */
/** @typedef {{key: number, first: number[], shape: number[], labels: Uint8Array}} Block */

export const BLOCK = 32; // voxels along each side
const MARGIN = 32; // voxels that a box grows by beyond what is needed

/**
 * A box around `box` that also holds low..high, ends included, and a margin where it had to grow; it stays in the grid.
 *
 * @param {Grid} grid
 * @param {LabelBox} box
 * @param {Numbers} low
 * @param {Numbers} high
 * @returns {?LabelBox} null where `box` holds it already
 */
function grown({ shape: whole }, { first, shape, values }, low, high) {
  const last = first.map((at, axis) => at + shape[axis] - 1);
  if (AXES.every((axis) => low[axis] >= first[axis] && high[axis] <= last[axis])) return null;
  const from = first.map((at, axis) => (low[axis] < at ? Math.max(0, low[axis] - MARGIN) : at));
  const to = last.map((at, axis) => (high[axis] > at ? Math.min(whole[axis] - 1, high[axis] + MARGIN) : at));
  const size = to.map((at, axis) => at - from[axis] + 1);
  const next = new Uint8Array(size[0] * size[1] * size[2]);
  const [di, dj, dk] = first.map((at, axis) => at - from[axis]);
  for (let k = 0; k < shape[2]; k += 1)
    for (let j = 0; j < shape[1]; j += 1) {
      const row = shape[0] * (j + shape[1] * k);
      next.set(values.subarray(row, row + shape[0]), di + size[0] * (j + dj + size[1] * (k + dk)));
    }
  return { first: from, shape: size, values: next };
}

export class LabelVolume {
  /** Labels of the blocks that the open transaction may change, as they were. @type {?Map<number, Uint8Array>} */
  #snapshots = null;
  /** Blocks that were changed since they were last taken. @type {Set<number>} */
  #unsaved = new Set();
  /** How many blocks there are along each axis. @type {number[]} */
  #counts;

  /**
   * @param {Grid} grid of the scan
   * @param {LabelBox} start is copied
   */
  constructor(grid, start) {
    this.whole = grid;
    /** Where the labels lie now; another object once it has grown. @type {LabelBox} */
    this.box = { first: [...start.first], shape: [...start.shape], values: start.values.slice() };
    this.#counts = grid.shape.map((n) => Math.ceil(n / BLOCK));
  }

  /** The grid of the box. */
  get grid() {
    return gridOf(this.whole, this.box);
  }

  /** Where a voxel of the whole grid lies in the box's values. @param {number} i @param {number} j @param {number} k */
  rowAt(i, j, k) {
    const { first, shape } = this.box;
    return i - first[0] + shape[0] * (j - first[1] + shape[1] * (k - first[2]));
  }

  /** The label of a voxel of the whole grid. @param {Numbers} index */
  label([i, j, k]) {
    const { first, shape } = this.box;
    const within = [i, j, k].every((at, axis) => at >= first[axis] && at < first[axis] + shape[axis]);
    return within ? this.box.values[this.rowAt(i, j, k)] : 0;
  }

  begin() {
    this.#snapshots = new Map();
  }

  /** Call before voxels low..high are changed. @param {Numbers} low @param {Numbers} high ends included, in the grid */
  open(low, high) {
    this.box = grown(this.whole, this.box, low, high) ?? this.box;
    if (!this.#snapshots) return;
    const [from, to] = [low, high].map((place) => place.map((at) => Math.floor(at / BLOCK)));
    for (let c = from[2]; c <= to[2]; c += 1)
      for (let b = from[1]; b <= to[1]; b += 1)
        for (let a = from[0]; a <= to[0]; a += 1) {
          const key = a + this.#counts[0] * (b + this.#counts[1] * c);
          if (!this.#snapshots.has(key)) this.#snapshots.set(key, this.#labelsOf(key));
        }
  }

  /** End the transaction; null if nothing was changed. @returns {?{delta: Delta, change: Change}} */
  commit() {
    const delta = this.#difference();
    return delta.offsets.length ? { delta, change: this.write(delta, 'after') } : null;
  }

  /** End the transaction, and leave everything as it was. @returns {?Change} */
  cancel() {
    const delta = this.#difference();
    return delta.offsets.length ? this.write(delta, 'before') : null;
  }

  /** Write runs. @param {Delta} delta @param {'before' | 'after'} state @returns {Change} */
  write({ offsets, lengths, before, after }, state) {
    const labels = state === 'after' ? after : before;
    const [ni, nj] = this.whole.shape;
    const low = [...this.whole.shape];
    const high = [-1, -1, -1];
    /** @type {Set<number>} */
    const touched = new Set();
    for (let n = 0; n < offsets.length; n += 1) {
      const i = offsets[n] % ni;
      const j = Math.floor(offsets[n] / ni) % nj;
      const k = Math.floor(offsets[n] / (ni * nj));
      low[0] = Math.min(low[0], i);
      high[0] = Math.max(high[0], i + lengths[n] - 1);
      [low[1], low[2]] = [Math.min(low[1], j), Math.min(low[2], k)];
      [high[1], high[2]] = [Math.max(high[1], j), Math.max(high[2], k)];
      touched.add(before[n]).add(after[n]);
      this.#unsaved.add(this.#blockAt(i, j, k)); // a run lies in one block
      const row = this.rowAt(i, j, k);
      this.box.values.fill(labels[n], row, row + lengths[n]);
    }
    touched.delete(0);
    return { low, high, labels: touched };
  }

  /** Changed blocks, at most so many; they count as stored from now on. @param {number} most @returns {Block[]} */
  takeUnsaved(most) {
    const keys = [...this.#unsaved].slice(0, most);
    keys.forEach((key) => this.#unsaved.delete(key));
    return keys.map((key) => {
      const { low, size } = this.#placeOf(key);
      return { key, first: low, shape: size, labels: this.#labelsOf(key) };
    });
  }

  /** They could not be stored. @param {Block[]} taken */
  giveBack(taken) {
    taken.forEach(({ key }) => this.#unsaved.add(key));
  }

  get hasUnsaved() {
    return this.#unsaved.size > 0;
  }

  /** Labels that were stored before, as they are read again; they count as stored. @param {LabelBox} stored */
  put({ first, shape, values }) {
    this.open(first, first.map((at, axis) => at + shape[axis] - 1));
    for (let k = 0; k < shape[2]; k += 1)
      for (let j = 0; j < shape[1]; j += 1) {
        const row = shape[0] * (j + shape[1] * k);
        this.box.values.set(values.subarray(row, row + shape[0]), this.rowAt(first[0], first[1] + j, first[2] + k));
      }
  }

  /** @param {number} i @param {number} j @param {number} k */
  #blockAt(i, j, k) {
    const [a, b, c] = [i, j, k].map((at) => Math.floor(at / BLOCK));
    return a + this.#counts[0] * (b + this.#counts[1] * c);
  }

  /** First voxel and size of a block. @param {number} key */
  #placeOf(key) {
    const [ni, nj] = this.#counts;
    const low = [key % ni, Math.floor(key / ni) % nj, Math.floor(key / (ni * nj))].map((n) => n * BLOCK);
    return { low, size: low.map((at, axis) => Math.min(BLOCK, this.whole.shape[axis] - at)) };
  }

  /** The labels of a block, i fastest; 0 beyond the box. @param {number} key */
  #labelsOf(key) {
    const { low, size } = this.#placeOf(key);
    const { first, shape, values } = this.box;
    const labels = new Uint8Array(size[0] * size[1] * size[2]);
    const from = low.map((at, axis) => Math.max(at, first[axis]));
    const to = low.map((at, axis) => Math.min(at + size[axis], first[axis] + shape[axis]));
    if (from[0] >= to[0]) return labels;
    for (let k = from[2]; k < to[2]; k += 1)
      for (let j = from[1]; j < to[1]; j += 1) {
        const row = this.rowAt(from[0], j, k);
        const at = from[0] - low[0] + size[0] * (j - low[1] + size[1] * (k - low[2]));
        labels.set(values.subarray(row, row + to[0] - from[0]), at);
      }
    return labels;
  }

  /** The runs of all voxels that differ from the snapshots; the transaction is over. */
  #difference() {
    const runs = createRuns();
    const [ni, nj] = this.whole.shape;
    for (const [key, was] of this.#snapshots ?? []) {
      const now = this.#labelsOf(key);
      const { low, size } = this.#placeOf(key);
      for (let k = 0; k < size[2]; k += 1)
        for (let j = 0; j < size[1]; j += 1)
          runs.addRow(was, now, size[0] * (j + size[1] * k), size[0], low[0] + ni * (low[1] + j + nj * (low[2] + k)));
    }
    this.#snapshots = null;
    return runs.taken();
  }
}
