/**
 * A label between two slices on which it was painted: its outlines there, as signed distances, go over into each other
 * (shape interpolation: Raya and Udupa 1990). On the patient's planes, whatever way the scan lies (pure).
 */
import { PLANES, indexToWorld } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES, minus } from '../core/vectors.js';
import { createSampler, pictureAxes } from '../slices/reslice.js';
import { createChange, setOf } from './brush.js';
import { signedDistances } from './distance.js';
/** @import { Frame, Grid, Numbers, Plane, Vec3 } from '../types.js' */
/** @import { Rule } from './brush.js' */
/** @import { LabelVolume } from './label-volume.js' */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */

const MARGIN = 3; // elements around both outlines

/** The part of the pictures that any of the shapes fills; null where one is empty. */
function rectOf(/** @type {Uint8Array[]} */ shapes, /** @type {number} */ width, /** @type {number} */ height) {
  const all = shapes.map((shape) => {
    const box = [width, height, -1, -1];
    shape.forEach((value, n) => {
      if (!value) return;
      const [x, y] = [n % width, Math.floor(n / width)];
      [box[0], box[1]] = [Math.min(box[0], x), Math.min(box[1], y)];
      [box[2], box[3]] = [Math.max(box[2], x), Math.max(box[3], y)];
    });
    return box;
  });
  if (all.some((box) => box[2] < 0)) return null;
  const x = Math.max(0, Math.min(...all.map((box) => box[0])) - MARGIN);
  const y = Math.max(0, Math.min(...all.map((box) => box[1])) - MARGIN);
  const right = Math.min(width - 1, Math.max(...all.map((box) => box[2])) + MARGIN);
  const down = Math.min(height - 1, Math.max(...all.map((box) => box[3])) + MARGIN);
  return { x, y, width: right - x + 1, height: down - y + 1 };
}

/** @param {Uint8Array} picture @param {number} width @param {Rect} rect */
function cut(picture, width, rect) {
  const part = new Uint8Array(rect.width * rect.height);
  for (let y = 0; y < rect.height; y += 1) {
    const from = rect.x + width * (rect.y + y);
    part.set(picture.subarray(from, from + rect.width), y * rect.width);
  }
  return part;
}

/** Between the four elements around (x, y) of a part. @param {Float64Array} field @param {Rect} rect */
const lookup = (field, { width, height }) => (/** @type {number} */ x, /** @type {number} */ y) => {
  const [fx, fy] = [Math.min(width - 2, Math.max(0, Math.floor(x))), Math.min(height - 2, Math.max(0, Math.floor(y)))];
  const [a, b] = [Math.min(1, Math.max(0, x - fx)), Math.min(1, Math.max(0, y - fy))];
  const p = fx + width * fy;
  return (
    (field[p] * (1 - a) + field[p + 1] * a) * (1 - b) + (field[p + width] * (1 - a) + field[p + width + 1] * a) * b
  );
};

/**
 * The outlines of a label on two slices, as fields of signed distances; null where one of them has none.
 *
 * @param {LabelVolume} volume
 * @param {{frame: Frame, plane: Plane}} scan
 * @param {[number, number]} slices
 * @param {number} label
 */
function outlines(volume, { frame, plane }, slices, label) {
  const [u, v] = pictureAxes(plane);
  const [width, height] = [frame.shape[u], frame.shape[v]];
  const sample = createSampler(volume.grid, frame, volume.box.values, { linear: false, outside: 0 });
  const shapes = slices.map((slice) => {
    const picture = new Uint8Array(width * height);
    sample(plane, slice, { count: 1, mode: 'max' }, picture);
    return picture.map((value) => (value === label ? 1 : 0));
  });
  const rect = rectOf(shapes, width, height);
  if (!rect || rect.width < 2 || rect.height < 2) return null;
  const fields = shapes.map((shape) =>
    signedDistances(cut(shape, width, rect), [rect.width, rect.height], [frame.spacing_mm[u], frame.spacing_mm[v]]),
  );
  return { rect, fields: fields.map((field) => lookup(field, rect)) };
}

/** Indices of a frame for those of a grid: `at(i, j, k)[axis]`. @param {Grid} grid @param {Frame} frame */
function framed(grid, frame) {
  const start = worldToIndex(frame, indexToWorld(grid, [0, 0, 0]));
  const steps = AXES.map((n) => {
    const one = AXES.map((axis) => (axis === n ? 1 : 0));
    return minus(worldToIndex(frame, indexToWorld(grid, one)), start);
  });
  return (/** @type {Numbers} */ at) =>
    AXES.map((n) => start[n] + at[0] * steps[0][n] + at[1] * steps[1][n] + at[2] * steps[2][n]);
}

/**
 * @param {LabelVolume} volume with an open transaction
 * @param {{hu: Int16Array, frame: Frame, plane: Plane}} scan HU of the whole grid
 * @param {[number, number]} slices of the frame, rising
 * @param {number} label
 * @param {Rule} rule of what is painted; what is left over of the label between the slices is erased
 */
export function fillBetween(volume, { hu, frame, plane }, slices, label, rule) {
  const found = outlines(volume, { frame, plane }, slices, label);
  if (!found) return;
  const { rect, fields: [first, second] } = found;
  const { axis } = PLANES[plane];
  const [u, v] = pictureAxes(plane);
  const { low, high } = boxBetween(volume, frame, axis, [u, v], slices, rect);
  if (AXES.some((n) => low[n] > high[n])) return;
  volume.open(low, high);
  const filled = createChange(volume, hu, rule);
  const emptied = createChange(volume, hu, { value: 0, over: setOf([label]), hu: null });
  const place = framed(volume.whole, frame);
  /** @param {Vec3} at */
  function decide(at) {
    const there = place(at);
    const t = (there[axis] - slices[0]) / (slices[1] - slices[0]);
    const [x, y] = [there[u] - rect.x, there[v] - rect.y];
    const isBetween = t > 1e-6 && t < 1 - 1e-6;
    if (!isBetween || x < 0 || y < 0 || x > rect.width - 1 || y > rect.height - 1) return;
    const change = first(x, y) * (1 - t) + second(x, y) * t < 0 ? filled : emptied;
    change.set(...at);
  }
  for (let k = low[2]; k <= high[2]; k += 1)
    for (let j = low[1]; j <= high[1]; j += 1) for (let i = low[0]; i <= high[0]; i += 1) decide([i, j, k]);
}

/**
 * The voxels between two slices, behind a part of their pictures.
 *
 * @param {LabelVolume} volume
 * @param {Frame} frame
 * @param {number} axis
 * @param {number[]} picture axes
 * @param {[number, number]} slices
 * @param {Rect} rect
 */
function boxBetween({ whole: grid }, frame, axis, [u, v], slices, rect) {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => {
    const at = [0, 0, 0];
    at[u] = rect.x + (n & 1 ? rect.width - 1 : 0);
    at[v] = rect.y + (n & 2 ? rect.height - 1 : 0);
    at[axis] = slices[n & 4 ? 1 : 0];
    return worldToIndex(grid, indexToWorld(frame, at));
  });
  const low = AXES.map((n) => Math.max(0, Math.ceil(Math.min(...corners.map((at) => at[n])) - 1e-6)));
  const high = AXES.map((n) => Math.min(grid.shape[n] - 1, Math.floor(Math.max(...corners.map((at) => at[n])) + 1e-6)));
  return { low, high };
}
