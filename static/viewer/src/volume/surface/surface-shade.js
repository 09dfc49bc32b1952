/**
 * How open the surroundings of a surface's points are, computed once: gaps between bones and the hollows of arches lie
 * in shade (ambient occlusion). Of a small ball before each point, what part is bone.
 */
import { dot } from '../../core/vectors.js';
import { worldToIndex } from '../../core/patient-frame.js';
/** @import { Grid, LabelBox, Numbers } from '../../types.js' */

const CELL_MM = 2; // about: the labels are counted in cells of this size
const BLUR_CELLS = 1; // to each side, twice
const REACH_MM = 3.5; // from a point to the middle of the ball before it
const FLAT = 0.12; // the part of the ball that is bone before a flat surface
const STRENGTH = 1.7;
const DARKEST = 0.3;
const MARGIN = 2 * BLUR_CELLS + 1; // empty cells around the labels

/** @typedef {{cells: number[], values: Float32Array, factors: number[]}} Density parts of cells that are bone */

/**
 * The part of each cell that is filled.
 *
 * @param {LabelBox} box
 * @param {number[]} factors voxels a cell along i, j and k
 * @returns {Density}
 */
function densityOf({ shape: [ni, nj, nk], values: labels }, factors) {
  const cells = [ni, nj, nk].map((n, axis) => Math.ceil(n / factors[axis]) + 2 * MARGIN);
  const values = new Float32Array(cells[0] * cells[1] * cells[2]);
  const part = 1 / (factors[0] * factors[1] * factors[2]);
  for (let k = 0, at = 0; k < nk; k += 1)
    for (let j = 0; j < nj; j += 1) {
      const [row, plane] = [Math.floor(j / factors[1]) + MARGIN, Math.floor(k / factors[2]) + MARGIN];
      const line = MARGIN + cells[0] * (row + cells[1] * plane);
      for (let i = 0; i < ni; i += 1, at += 1) if (labels[at]) values[line + Math.floor(i / factors[0])] += part;
    }
  return { cells, values, factors };
}

/**
 * Replace each value by the mean of itself and BLUR_CELLS to both sides along one axis; the margin stays empty enough.
 *
 * @param {Density} density
 * @param {number} axis
 */
function blur({ cells, values }, axis) {
  const step = [1, cells[0], cells[0] * cells[1]][axis];
  const before = values.slice();
  const reach = BLUR_CELLS * step;
  for (let at = reach; at < values.length - reach; at += 1) {
    let sum = 0;
    for (let to = at - reach; to <= at + reach; to += step) sum += before[to];
    values[at] = sum / (2 * BLUR_CELLS + 1);
  }
}

/**
 * The density at a place in cells, linear between their middles; 0 outside.
 *
 * @param {Density} density
 * @param {number} x
 * @param {number} y
 * @param {number} z
 */
function sample({ cells: [ni, nj, nk], values }, x, y, z) {
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (i < 0 || j < 0 || k < 0 || i >= ni - 1 || j >= nj - 1 || k >= nk - 1) return 0;
  const [u, v, w] = [x - i, y - j, z - k];
  const at = i + ni * (j + nj * k);
  const up = ni * nj;
  const along = (/** @type {number} */ from) => values[from] * (1 - u) + values[from + 1] * u;
  const low = along(at) * (1 - v) + along(at + ni) * v;
  const high = along(at + up) * (1 - v) + along(at + up + ni) * v;
  return low * (1 - w) + high * w;
}

/**
 * What shades surfaces of a mask: a function of their points and normals (x, y, z of each, RAS+ mm) that gives 0 (deep
 * in a gap) to 255 (open) for each point.
 *
 * @param {LabelBox} box the mask's labels
 * @param {Grid} grid of the box
 */
export function createShade(box, grid) {
  const factors = grid.spacing_mm.map((mm) => Math.max(1, Math.round(CELL_MM / mm)));
  const density = densityOf(box, factors);
  [0, 1, 2, 0, 1, 2].forEach((axis) => blur(density, axis));
  // From RAS+ mm to cells: the rows of a matrix, and what is added.
  const origin = worldToIndex(grid, [0, 0, 0]);
  const columns = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map((one) =>
    worldToIndex(grid, one).map((value, axis) => value - origin[axis]),
  );
  const rows = [0, 1, 2].map((axis) => columns.map((column) => column[axis] / factors[axis]));
  const added = [0, 1, 2].map((axis) => (origin[axis] + 0.5) / factors[axis] - 0.5 + MARGIN);
  const cell = (/** @type {Numbers} */ place, /** @type {number} */ axis) => dot(rows[axis], place) + added[axis];

  return (/** @type {Float32Array} */ points, /** @type {Float32Array} */ normals) => {
    const shades = new Uint8Array(points.length / 3);
    const place = [0, 0, 0];
    for (let n = 0; n < shades.length; n += 1) {
      for (let axis = 0; axis < 3; axis += 1) place[axis] = points[3 * n + axis] + REACH_MM * normals[3 * n + axis];
      const found = sample(density, cell(place, 0), cell(place, 1), cell(place, 2));
      const open = 1 - STRENGTH * Math.max(0, found - FLAT);
      shades[n] = Math.round(255 * Math.max(DARKEST, Math.min(1, open)));
    }
    return shades;
  };
}
