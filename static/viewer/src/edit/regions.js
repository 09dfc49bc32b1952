/** Changes of a whole label, or of one piece of it: islands, growing, shrinking, smoothing (pure). */
import { AXES } from '../core/vectors.js';
import { createChange, setOf } from './brush.js';
/** @import { LabelBox, Numbers } from '../types.js' */
/** @import { Rule } from './brush.js' */
/** @import { Change, LabelVolume } from './label-volume.js' */

/** A label's box, and a margin that stays in the grid; `member` is 1 in the label. */
/** @typedef {{low: number[], size: number[], member: Uint8Array}} Region */

const SMALLEST_SIGMA_MM = 0.7;

/**
 * First and last voxel of a label in a box; the last is -1 where it does not occur.
 *
 * @param {LabelBox} box
 * @param {number} label
 */
function endsOf({ shape, values }, label) {
  const [from, to] = [[...shape], [-1, -1, -1]];
  for (let k = 0; k < shape[2]; k += 1)
    for (let j = 0; j < shape[1]; j += 1) {
      const row = shape[0] * (j + shape[1] * k);
      let left = row;
      while (left < row + shape[0] && values[left] !== label) left += 1;
      if (left === row + shape[0]) continue;
      let right = row + shape[0] - 1;
      while (values[right] !== label) right -= 1;
      [from[0], to[0]] = [Math.min(from[0], left - row), Math.max(to[0], right - row)];
      [from[1], to[1]] = [Math.min(from[1], j), Math.max(to[1], j)];
      [from[2], to[2]] = [Math.min(from[2], k), k];
    }
  return [from, to];
}

/**
 * @param {LabelVolume} volume
 * @param {number} label
 * @param {number} margin voxels
 * @returns {?Region} null where the label does not occur
 */
export function regionOf(volume, label, margin = 0) {
  const { first } = volume.box;
  const [from, to] = endsOf(volume.box, label);
  if (to[0] < 0) return null;
  const low = AXES.map((n) => Math.max(0, first[n] + from[n] - margin));
  const high = AXES.map((n) => Math.min(volume.whole.shape[n] - 1, first[n] + to[n] + margin));
  const size = AXES.map((n) => high[n] - low[n] + 1);
  volume.open(low, high);
  const member = new Uint8Array(size[0] * size[1] * size[2]);
  const now = volume.box.values;
  for (let at = 0, k = 0; k < size[2]; k += 1)
    for (let j = 0; j < size[1]; j += 1) {
      const row = volume.rowAt(low[0], low[1] + j, low[2] + k);
      for (let i = 0; i < size[0]; i += 1, at += 1) member[at] = now[row + i] === label ? 1 : 0;
    }
  return { low, size, member };
}

/**
 * Write where `wanted` differs from the label's membership.
 *
 * @param {LabelVolume} volume
 * @param {Int16Array} hu
 * @param {Region} region
 * @param {Uint8Array} wanted
 * @param {number} label
 * @param {Rule} rule of what is added
 * @returns {(?Change)[]}
 */
function become(volume, hu, { low, size, member }, wanted, label, rule) {
  const added = createChange(volume, hu, rule);
  const removed = createChange(volume, hu, { value: 0, over: setOf([label]), hu: null });
  for (let at = 0, k = 0; k < size[2]; k += 1)
    for (let j = 0; j < size[1]; j += 1)
      for (let i = 0; i < size[0]; i += 1, at += 1)
        if (wanted[at] !== member[at])
          (wanted[at] ? added : removed).set(low[0] + i, low[1] + j, low[2] + k);
  return [added.done(), removed.done()];
}

/**
 * Grow (by 1) or shrink (by -1) a label by a voxel across its faces.
 *
 * @param {LabelVolume} volume with an open transaction
 * @param {Int16Array} hu
 * @param {number} label
 * @param {1 | -1} by
 * @param {Rule} rule
 */
export function resized(volume, hu, label, by, rule) {
  const region = regionOf(volume, label, 1);
  if (!region) return [];
  const { size, member } = region;
  const wanted = member.slice();
  const turned = by > 0 ? 1 : 0;
  const strides = [1, size[0], size[0] * size[1]];
  for (let at = 0; at < member.length; at += 1) {
    if (member[at] === turned) continue;
    const place = [at % size[0], Math.floor(at / size[0]) % size[1], Math.floor(at / strides[2])];
    for (const n of AXES) {
      const below = place[n] > 0 ? member[at - strides[n]] : 0;
      const above = place[n] < size[n] - 1 ? member[at + strides[n]] : 0;
      if (below === turned || above === turned) wanted[at] = turned;
    }
  }
  return become(volume, hu, region, wanted, label, rule);
}

/**
 * Smooth a label: its membership, blurred by a Gaussian of about a voxel, in mm, decides anew.
 *
 * @param {LabelVolume} volume with an open transaction
 * @param {Int16Array} hu
 * @param {number} label
 * @param {Rule} rule
 */
export function smoothed(volume, hu, label, rule) {
  const region = regionOf(volume, label, 3);
  if (!region) return [];
  const { size, member } = region;
  const { spacing_mm: spacing } = volume.whole;
  const sigma = Math.max(SMALLEST_SIGMA_MM, 1.2 * Math.min(...spacing));
  let field = Float32Array.from(member);
  const strides = [1, size[0], size[0] * size[1]];
  for (const n of AXES) {
    const kernel = [1, 2, 3].map((step) => Math.exp(-((step * spacing[n]) ** 2) / (2 * sigma * sigma)));
    field = blurred(field, size, n, strides[n], kernel);
  }
  const wanted = Uint8Array.from(field, (value) => (value > 0.5 ? 1 : 0));
  return become(volume, hu, region, wanted, label, rule);
}

/**
 * @param {Float32Array} field
 * @param {number[]} size
 * @param {number} axis
 * @param {number} stride
 * @param {number[]} kernel weights of the neighbours one, two, three voxels away; 1 is the voxel's own
 */
function blurred(field, size, axis, stride, kernel) {
  const result = new Float32Array(field.length);
  const total = 1 + 2 * kernel.reduce((sum, weight) => sum + weight, 0);
  for (let at = 0; at < field.length; at += 1) {
    const place = Math.floor(at / stride) % size[axis];
    let sum = field[at];
    for (let n = 0; n < kernel.length; n += 1) {
      if (place > n) sum += kernel[n] * field[at - (n + 1) * stride];
      if (place < size[axis] - 1 - n) sum += kernel[n] * field[at + (n + 1) * stride];
    }
    result[at] = sum / total;
  }
  return result;
}

/**
 * The moves to the 26 neighbours of a voxel: by how much its number changes, its steps, and whether a move from a voxel
 * stays in the box instead of wrapping around a row.
 *
 * @param {number[]} size
 */
export function neighbourMoves([ni, nj, nk]) {
  const moves = [];
  for (let c = -1; c <= 1; c += 1)
    for (let b = -1; b <= 1; b += 1)
      for (let a = -1; a <= 1; a += 1) {
        if (!a && !b && !c) continue;
        const leads = (/** @type {number} */ from) => {
          const i = (from % ni) + a;
          const j = (Math.floor(from / ni) % nj) + b;
          const k = Math.floor(from / (ni * nj)) + c;
          return i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk;
        };
        moves.push({ by: a + ni * (b + nj * c), steps: [a, b, c], leads });
      }
  return moves;
}

/**
 * The piece of a label around a voxel: what hangs together across faces, edges and corners.
 *
 * @param {LabelVolume} volume
 * @param {Numbers} seed on the whole grid
 * @returns {?(Region & {piece: Uint8Array, count: number})} null where the voxel has no label
 */
export function pieceAt(volume, seed) {
  const label = volume.label(seed);
  const region = label ? regionOf(volume, label, 1) : null;
  if (!region) return null;
  const { low, size, member } = region;
  const piece = new Uint8Array(member.length);
  const moves = neighbourMoves(size);
  const at = seed.map((place, n) => place - low[n]);
  const start = at[0] + size[0] * (at[1] + size[1] * at[2]);
  const stack = [start];
  piece[start] = 1;
  let count = 0;
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    count += 1;
    for (const { by, leads } of moves) {
      const other = next + by;
      if (!member[other] || piece[other] || !leads(next)) continue;
      piece[other] = 1;
      stack.push(other);
    }
  }
  return { ...region, piece, count };
}

/**
 * Remove the piece of a label around a voxel.
 *
 * @param {LabelVolume} volume with an open transaction
 * @param {Int16Array} hu
 * @param {Numbers} seed
 * @returns {?Change}
 */
export function removePiece(volume, hu, seed) {
  const label = volume.label(seed);
  const found = pieceAt(volume, seed);
  if (!found) return null;
  const removed = createChange(volume, hu, { value: 0, over: setOf([label]), hu: null });
  eachOf(found, found.piece, removed.set);
  return removed.done();
}

/** Call `act` with each voxel that is marked. @param {Region} region @param {Uint8Array} marked */
export function eachOf({ low, size }, marked, /** @type {(i: number, j: number, k: number) => void} */ act) {
  for (let at = 0, k = 0; k < size[2]; k += 1)
    for (let j = 0; j < size[1]; j += 1)
      for (let i = 0; i < size[0]; i += 1, at += 1) if (marked[at]) act(low[0] + i, low[1] + j, low[2] + k);
}
