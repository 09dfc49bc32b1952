/**
 * The surface of a label, brick after brick (pure): naive surface nets (Gibson 1998) on the label's membership, blurred
 * by a voxel, of which no voxel changes sides. Bricks that lie next to each other fit without a seam.
 */
import { indexToWorld } from '../../core/geometry.js';
import { cross, dot } from '../../core/vectors.js';
import { stepsOf } from '../brush.js';
/** @import { Grid, Numbers } from '../../types.js' */
/** @import { LabelVolume } from '../label-volume.js' */

/** @typedef {{points: Float32Array, normals: Float32Array, corner: Uint32Array}} Surface RAS+ mm, triangles */

export const BRICK = 40; // cells along each side
const PAD = 2; // voxels before the first cell of a brick: a cell, and the blur's reach
const INSIDE = 0.55; // what a voxel of the label is at least, after the blur
const OUTSIDE = 0.45;
const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [n & 1, (n >> 1) & 1, n >> 2]);
const EDGES = CORNERS.flatMap((corner, n) =>
  [0, 1, 2].filter((axis) => !corner[axis]).map((axis) => [n, n + (1 << axis), axis]),
);

/**
 * The membership of a label in a cube of `side` voxels from `low` on; null where it is the same everywhere.
 *
 * @param {LabelVolume} volume
 * @param {number} label
 * @param {Numbers} low
 * @param {number} side
 */
function membership({ box: { first, shape, values } }, label, low, side) {
  const member = new Float32Array(side ** 3);
  const [from, to] = [
    [0, 1, 2].map((n) => Math.max(0, first[n] - low[n])),
    [0, 1, 2].map((n) => Math.min(side, first[n] + shape[n] - low[n])),
  ];
  let count = 0;
  for (let k = from[2]; k < to[2]; k += 1)
    for (let j = from[1]; j < to[1]; j += 1) {
      const y = low[1] + j - first[1];
      const row = shape[0] * (y + shape[1] * (low[2] + k - first[2])) + low[0] - first[0];
      const at = side * (j + side * k);
      for (let i = from[0]; i < to[0]; i += 1)
        if (values[row + i] === label) {
          member[at + i] = 1;
          count += 1;
        }
    }
  return count && count < member.length ? member : null;
}

/** @param {Float32Array} from @param {Float32Array} to @param {number} by stride */
function blur(from, to, by) {
  for (let n = by; n < from.length - by; n += 1) to[n] = 0.5 * from[n] + 0.25 * (from[n - by] + from[n + by]);
}

/** @param {Float32Array} member @param {number} side */
function fieldOf(member, side) {
  const [one, two] = [new Float32Array(member.length), new Float32Array(member.length)];
  blur(member, one, 1);
  blur(one, two, side);
  blur(two, one, side * side);
  for (let n = 0; n < one.length; n += 1)
    one[n] = member[n] ? Math.max(one[n], INSIDE) : Math.min(one[n], OUTSIDE);
  return one;
}

/** @param {number} from @param {number} to @param {(i: number, j: number, k: number) => void} act */
function eachCell(from, to, act) {
  for (let k = from; k < to; k += 1)
    for (let j = from; j < to; j += 1) for (let i = from; i < to; i += 1) act(i, j, k);
}

/** Where a cell's surface lies, from 0 to 1 along each axis, and its slope there. @param {Numbers} at eight corners */
function vertexOf(at) {
  const [place, slope] = [[0, 0, 0], [0, 0, 0]];
  let crossings = 0;
  for (const [a, b, axis] of EDGES) {
    slope[axis] += at[b] - at[a];
    if (at[a] > 0.5 === at[b] > 0.5) continue;
    crossings += 1;
    const part = (0.5 - at[a]) / (at[b] - at[a]);
    for (let n = 0; n < 3; n += 1) place[n] += CORNERS[a][n] + (n === axis ? part : 0);
  }
  return { place: place.map((sum) => sum / crossings), slope };
}

/** A place of a grid's slope as a normal of the patient, pointing out of the label. @param {Grid} grid */
function turner(grid) {
  const [i, j, k] = stepsOf(grid);
  const rows = [cross(j, k), cross(k, i), cross(i, j)];
  const isMirrored = dot(i, rows[0]) < 0;
  return {
    isMirrored,
    /** @param {number[]} slope */
    normal(slope) {
      const sign = isMirrored ? 1 : -1;
      const out = [0, 1, 2].map((n) => sign * (rows[0][n] * slope[0] + rows[1][n] * slope[1] + rows[2][n] * slope[2]));
      const length = Math.hypot(...out) || 1;
      return out.map((part) => part / length);
    },
  };
}

/**
 * @param {LabelVolume} volume
 * @param {number} label
 * @param {Numbers} brick its place: its first cell is BRICK times as much
 * @returns {?Surface} null where there is none
 */
export function brickSurface(volume, label, brick) {
  const side = BRICK + 2 * PAD;
  const low = brick.map((n) => n * BRICK - PAD);
  const member = membership(volume, label, low, side);
  if (!member) return null;
  const field = fieldOf(member, side);
  const numbers = new Int32Array(field.length).fill(-1);
  const { points, normals } = vertices(volume.whole, field, side, low, numbers);
  const corner = quads(field, side, numbers, turner(volume.whole).isMirrored);
  if (!corner.length) return null;
  return { points: Float32Array.from(points), normals: Float32Array.from(normals), corner: Uint32Array.from(corner) };
}

/**
 * One vertex for each cell that the surface passes through; `numbers` gets theirs.
 *
 * @param {Grid} grid
 * @param {Float32Array} field
 * @param {number} side
 * @param {number[]} low
 * @param {Int32Array} numbers
 */
function vertices(grid, field, side, low, numbers) {
  const [points, normals] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  const offsets = CORNERS.map(([a, b, c]) => a + side * (b + side * c));
  const { normal } = turner(grid);
  const corners = new Array(8).fill(0);
  eachCell(PAD - 1, side - PAD, (i, j, k) => {
    const n = i + side * (j + side * k);
    let inside = 0;
    for (let c = 0; c < 8; c += 1) {
      corners[c] = field[n + offsets[c]];
      if (corners[c] > 0.5) inside += 1;
    }
    if (inside === 0 || inside === 8) return;
    const { place, slope } = vertexOf(corners);
    numbers[n] = points.length / 3;
    points.push(...indexToWorld(grid, [low[0] + i + place[0], low[1] + j + place[1], low[2] + k + place[2]]));
    normals.push(...normal(slope));
  });
  return { points, normals };
}

/**
 * Two triangles for each edge of the grid that the surface crosses.
 *
 * @param {Float32Array} field
 * @param {number} side
 * @param {Int32Array} numbers of the cells' vertices
 * @param {boolean} isMirrored
 */
function quads(field, side, numbers, isMirrored) {
  /** @type {number[]} */
  const corner = [];
  const strides = [1, side, side * side];
  eachCell(PAD, side - PAD, (i, j, k) => {
    const n = i + side * (j + side * k);
    const isIn = field[n] > 0.5;
    for (let axis = 0; axis < 3; axis += 1) {
      if (field[n + strides[axis]] > 0.5 === isIn) continue;
      const [u, v] = [strides[(axis + 1) % 3], strides[(axis + 2) % 3]];
      const around = [numbers[n - u - v], numbers[n - v], numbers[n], numbers[n - u]];
      const [a, b, c, d] = isIn === isMirrored ? [around[0], around[3], around[2], around[1]] : around;
      corner.push(a, b, c, a, c, d);
    }
  });
  return corner;
}
