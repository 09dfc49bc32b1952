/**
 * A plane of the patient, or a slab of planes, sampled from the scan's voxels: plain arrays in, plain arrays out.
 *
 * Done by the processor: the graphics card then need not hold the whole scan for each of the panels, and a scan too
 * large for the card is still shown voxel by voxel. (vtkImageReslice does the same 5 to 10 times slower, mostly in
 * slabs; the tests hold this against it.)
 */
import { PLANES, indexToWorld } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES } from '../core/vectors.js';
/**
 * @import { Frame, Grid, Mask, Part, Plane, Sampler, Slab, Voxels, Walk } from '../types.js'
 * @import { Change } from '../edit/label-volume.js'
 */

/**
 * Fills `line` with row `y` of the plane `n` steps along the normal; `outside` beyond the scan.
 *
 * @typedef {(values: Voxels, grid: Grid, way: Walk, y: number, n: number, outside: number, line: Voxels) => void} Row
 */

/** The two axes of a plane's picture, lower first; the picture's rows run along the second. @param {Plane} plane */
export const pictureAxes = (plane) => AXES.filter((axis) => axis !== PLANES[plane].axis);

/**
 * How many planes make a slab: an odd number, so that it has a middle.
 *
 * @param {number} thickness mm, about
 * @param {number} step mm between planes
 */
export function slabCount(thickness, step) {
  return 2 * Math.max(0, Math.round((thickness / step - 1) / 2)) + 1;
}

/**
 * @param {Grid} grid
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {number} slice of the frame
 * @returns {Walk}
 */
function walk(grid, frame, plane, slice) {
  const at = [0, 0, 0];
  at[PLANES[plane].axis] = slice;
  const start = worldToIndex(grid, indexToWorld(frame, at));
  const step = (/** @type {number} */ axis) => {
    const next = [...at];
    next[axis] += 1;
    return worldToIndex(grid, indexToWorld(frame, next)).map((value, n) => value - start[n]);
  };
  const [u, v] = pictureAxes(plane);
  return { start, du: step(u), dv: step(v), dn: step(PLANES[plane].axis) };
}

/**
 * How each row of a part of a picture is walked, whose first element is (`left`, `top`).
 *
 * @param {Grid} grid
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {number} slice of the frame
 * @param {{left: number, top: number}} corner
 * @returns {(y: number) => Walk}
 */
function walksOf(grid, frame, plane, slice, { left, top }) {
  const { bend } = frame;
  const from = (/** @type {Walk} */ way, /** @type {number} */ down) => ({
    ...way,
    start: way.start.map((place, axis) => place + left * way.du[axis] + down * way.dv[axis]),
  });
  if (bend) return (y) => from(bend(grid, plane, slice, top + y), 0);
  const way = from(walk(grid, frame, plane, slice), top);
  return () => way;
}

/** Voxels along whole axes: `line` becomes a row of them. @type {Row} */
function copyRow(values, { shape }, { start, du, dv, dn }, y, n, outside, line) {
  const at = start.map((place, axis) => Math.round(place + y * dv[axis] + n * dn[axis]));
  const along = du.findIndex((step) => step > 0.5);
  const within = at.every((place, axis) => axis === along || (place >= 0 && place < shape[axis]));
  const from = Math.min(line.length, Math.max(0, -at[along]));
  const to = within ? Math.min(line.length, Math.max(from, shape[along] - at[along])) : from;
  line.fill(outside, 0, from);
  line.fill(outside, to);
  const by = [1, shape[0], shape[0] * shape[1]][along];
  let p = at[0] + shape[0] * (at[1] + shape[1] * at[2]) + from * by;
  for (let x = from; x < to; x += 1, p += by) line[x] = values[p];
}

/** The nearest voxel of each element. @type {Row} */
function nearestRow(values, grid, { start, du, dv, dn }, y, n, outside, line) {
  const [ni, nj, nk] = grid.shape;
  let i = start[0] + y * dv[0] + n * dn[0] + 0.5;
  let j = start[1] + y * dv[1] + n * dn[1] + 0.5;
  let k = start[2] + y * dv[2] + n * dn[2] + 0.5;
  for (let x = 0; x < line.length; x += 1, i += du[0], j += du[1], k += du[2]) {
    const within = i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk;
    line[x] = within ? values[Math.floor(i) + ni * (Math.floor(j) + nj * Math.floor(k))] : outside;
  }
}

/** @param {number} x */
const below = (x) => (x < 0 ? 0 : Math.floor(x));
/** @param {number} x */
const rest = (x) => (x < 0 ? 0 : x - Math.floor(x));

/**
 * Between the eight voxels around (i, j, k); beyond the outermost voxels' middles their own values go on.
 *
 * @param {Voxels} values
 * @param {number} ni
 * @param {number} nj
 * @param {number} nk
 * @param {number} i
 * @param {number} j
 * @param {number} k
 */
function trilinear(values, ni, nj, nk, i, j, k) {
  const fi = below(i);
  const fj = below(j);
  const fk = below(k);
  const a = rest(i);
  const b = rest(j);
  const c = rest(k);
  const p = fi + ni * (fj + nj * fk);
  const di = fi + 1 < ni ? 1 : 0;
  const dj = fj + 1 < nj ? ni : 0;
  const q = p + (fk + 1 < nk ? ni * nj : 0);
  const low =
    (values[p] * (1 - a) + values[p + di] * a) * (1 - b) + (values[p + dj] * (1 - a) + values[p + di + dj] * a) * b;
  const high =
    (values[q] * (1 - a) + values[q + di] * a) * (1 - b) + (values[q + dj] * (1 - a) + values[q + di + dj] * a) * b;
  return Math.round(low + (high - low) * c);
}

/** Each element from the voxels around it. @type {Row} */
export function linearRow(values, grid, { start, du, dv, dn }, y, n, outside, line) {
  const [ni, nj, nk] = grid.shape;
  let i = start[0] + y * dv[0] + n * dn[0];
  let j = start[1] + y * dv[1] + n * dn[1];
  let k = start[2] + y * dv[2] + n * dn[2];
  for (let x = 0; x < line.length; x += 1, i += du[0], j += du[1], k += du[2]) {
    const within = i >= -0.5 && j >= -0.5 && k >= -0.5 && i < ni - 0.5 && j < nj - 0.5 && k < nk - 0.5;
    line[x] = within ? trilinear(values, ni, nj, nk, i, j, k) : outside;
  }
}

/** @type {Record<Slab['mode'], (sum: Int32Array, next: Voxels) => void>} */
const FOLD = {
  max: (sum, next) => {
    for (let x = 0; x < sum.length; x += 1) if (next[x] > sum[x]) sum[x] = next[x];
  },
  mean: (sum, next) => {
    for (let x = 0; x < sum.length; x += 1) sum[x] += next[x];
  },
};

/**
 * The slices of a slab that lie in the scan, as steps from its middle.
 *
 * @param {number} slice in the middle
 * @param {number} count of the slab
 * @param {number} slices of the scan
 */
function slabSteps(slice, count, slices) {
  const half = (count - 1) / 2;
  const steps = Array.from({ length: count }, (_, n) => n - half);
  return steps.filter((step) => slice + step > -0.5 && slice + step < slices - 0.5);
}

/**
 * A sampler of one array on `grid`, seen in `frame`.
 *
 * @param {Grid} grid
 * @param {Frame} frame
 * @param {Voxels} values i fastest
 * @param {{linear: boolean, outside: number}} options how it is between voxels; what there is beyond them
 * @returns {Sampler} whose `slice` counts the frame's planes, and may be fractional where the scan is oblique
 */
export function createSampler(grid, frame, values, { linear, outside }) {
  const oblique = linear ? linearRow : nearestRow;
  const row = frame.aligned ? copyRow : oblique;

  return (plane, slice, { count, mode }, out, part) => {
    const [across, down] = pictureAxes(plane).map((axis) => frame.shape[axis]);
    const { x: left, y: top, width, height } = part ?? { x: 0, y: 0, width: across, height: down };
    const walkOf = walksOf(grid, frame, plane, slice, { left, top });
    const steps = slabSteps(slice, count, frame.shape[PLANES[plane].axis]);
    const line = values instanceof Int16Array ? new Int16Array(width) : new Uint8Array(width);
    const sum = new Int32Array(width);
    // Row by row, a slab's slices within: neighbours in the patient are mostly neighbours in memory.
    for (let y = 0; y < height; y += 1) {
      const way = walkOf(y);
      if (steps.length === 1) row(values, grid, way, y, steps[0], outside, line);
      else {
        sum.fill(mode === 'mean' ? 0 : outside);
        for (const step of steps) {
          row(values, grid, way, y, step, outside, line);
          FOLD[mode](sum, line);
        }
        if (mode === 'mean') for (let x = 0; x < width; x += 1) sum[x] = Math.round(sum[x] / steps.length);
      }
      out.set(steps.length === 1 ? line : sum, left + (y + top) * across);
    }
  };
}

/**
 * The part of a slice's picture that changed voxels of a mask are seen in.
 *
 * @param {Pick<Mask, 'grid' | 'box'>} mask
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {{slice: number, count: number}} shown slice in the middle of so many
 * @param {Pick<Change, 'low' | 'high'>} change voxels of the whole grid, ends included
 * @returns {?Part} null where the slice misses them
 */
export function partOf({ grid, box }, frame, plane, { slice, count }, { low, high }) {
  const [across, down] = pictureAxes(plane).map((axis) => frame.shape[axis]);
  if (frame.bend) return { x: 0, y: 0, width: across, height: down }; // where a curve leads to is not looked for
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => {
    const at = AXES.map((axis) => ((n >> axis) & 1 ? high[axis] + 0.5 : low[axis] - 0.5) - box.first[axis]);
    return worldToIndex(frame, indexToWorld(grid, at));
  });
  /** @param {number} axis */
  const ends = (axis) => {
    const places = corners.map((at) => at[axis]);
    return [Math.min(...places), Math.max(...places)];
  };
  const [from, to] = ends(PLANES[plane].axis);
  if (slice + count / 2 < from || slice - count / 2 > to) return null;
  const [[left, right], [top, bottom]] = pictureAxes(plane).map((axis) => {
    const [first, last] = ends(axis);
    return [Math.max(0, Math.floor(first)), Math.min(frame.shape[axis] - 1, Math.ceil(last))];
  });
  return right < left || bottom < top ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
