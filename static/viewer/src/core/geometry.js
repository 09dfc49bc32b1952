/**
 * The displayed grid: voxel index (i, j, k) to RAS+ mm, and the three planes seen on it.
 *
 * The server has turned the array to the closest canonical order, so i runs to about the patient's right (R),
 * j to anterior (A) and k to superior (S). Oblique scans keep their direction matrix.
 */
import { AXES, clamp } from './vectors.js';
/** @import { Grid, Numbers, Plane, Vec2, Vec3, View, Voxels } from '../types.js' */

/**
 * Radiological convention. `axis` is the axis looked along; `u` and `v` are [axis, sign] of screen right and up.
 *
 * @type {Record<Plane, {axis: number, u: Vec2, v: Vec2, letters: Record<'left' | 'right' | 'top' | 'bottom', string>}>}
 */
export const PLANES = {
  axial: { axis: 2, u: [0, -1], v: [1, 1], letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' } },
  coronal: { axis: 1, u: [0, -1], v: [2, 1], letters: { left: 'R', right: 'L', top: 'S', bottom: 'I' } },
  sagittal: { axis: 0, u: [1, -1], v: [2, 1], letters: { left: 'A', right: 'P', top: 'S', bottom: 'I' } },
};

export const PLANE_NAMES = /** @type {Plane[]} */ (Object.keys(PLANES));

/**
 * The unit vector (RAS+) of a grid's axis: a column of the direction matrix.
 *
 * @param {Grid} grid
 * @param {number} axis
 * @param {number} sign
 */
export function axisVector(grid, axis, sign = 1) {
  return AXES.map((row) => sign * grid.direction[row][axis]);
}

/**
 * (i, j, k), may be fractional, to RAS+ mm.
 *
 * @param {Grid} grid
 * @param {Numbers} index
 */
export function indexToWorld({ origin_mm: origin, direction, spacing_mm: spacing }, index) {
  return AXES.map(
    (row) => origin[row] + index.reduce((sum, value, axis) => sum + direction[row][axis] * spacing[axis] * value, 0),
  );
}

/**
 * Mean index of the voxels that are not 0; null if there are none.
 *
 * @param {Voxels} values i fastest
 * @param {number[]} shape
 * @returns {?Vec3}
 */
export function centroidOf(values, [ni, nj, nk]) {
  /** @type {Vec3} */
  const sum = [0, 0, 0];
  let count = 0;
  for (let k = 0, at = 0; k < nk; k += 1)
    for (let j = 0; j < nj; j += 1)
      for (let i = 0; i < ni; i += 1, at += 1)
        if (values[at]) {
          sum[0] += i;
          sum[1] += j;
          sum[2] += k;
          count += 1;
        }
  return count ? sum.map((total) => total / count) : null;
}

/** The voxel nearest to the middle of the grid. @param {Grid} grid */
export function centreIndex(grid) {
  return grid.shape.map((n) => Math.floor((n - 1) / 2));
}

/**
 * Round and keep inside the grid.
 *
 * @param {Grid} grid
 * @param {Numbers} index
 */
export function clampIndex(grid, index) {
  return AXES.map((axis) => clamp(Math.round(index[axis]), 0, grid.shape[axis] - 1));
}

/**
 * Where voxel (i, j, k) lies in the array, i fastest.
 *
 * @param {Grid} grid
 * @param {Numbers} index
 */
export function offsetOf(grid, [i, j, k]) {
  return i + grid.shape[0] * (j + grid.shape[1] * k);
}

/**
 * Position in a plane, in mm from voxel 0 along screen right and screen up.
 *
 * @param {Grid} grid
 * @param {Plane} plane
 * @param {Numbers} index
 * @returns {Vec2}
 */
export function indexToPlane(grid, plane, index) {
  const { u, v } = PLANES[plane];
  const along = (/** @type {Vec2} */ [axis, sign]) => sign * index[axis] * grid.spacing_mm[axis];
  return [along(u), along(v)];
}

/**
 * The inverse of `indexToPlane`: the coordinate along the plane's own axis is taken from `index`.
 *
 * @param {Grid} grid
 * @param {Plane} plane
 * @param {Numbers} uv mm
 * @param {Numbers} index
 */
export function planeToIndex(grid, plane, uv, index) {
  const { u, v } = PLANES[plane];
  const result = [...index];
  [u, v].forEach(([axis, sign], n) => {
    result[axis] = (sign * uv[n]) / grid.spacing_mm[axis];
  });
  return result;
}

/**
 * Size of a plane's whole picture in mm: [along screen right, along screen up].
 *
 * @param {Grid} grid
 * @param {Plane} plane
 */
function planeExtent(grid, plane) {
  const { u, v } = PLANES[plane];
  return [u, v].map(([axis]) => grid.shape[axis] * grid.spacing_mm[axis]);
}

/**
 * The view that shows the whole plane in a panel.
 *
 * @param {Grid} grid
 * @param {Plane} plane
 * @param {Numbers} size of the panel, [width, height] in px
 * @param {number} margin
 * @returns {View}
 */
export function fitView(grid, plane, [width, height], margin = 1.04) {
  const [du, dv] = planeExtent(grid, plane);
  const middle = grid.shape.map((n) => (n - 1) / 2);
  return {
    centre: indexToPlane(grid, plane, middle),
    mmPerPx: Math.max(du / Math.max(width, 1), dv / Math.max(height, 1)) * margin,
  };
}

/**
 * Plane mm to px from the panel's upper left corner.
 *
 * @param {View} view
 * @param {Numbers} size [width, height] in px
 * @param {Numbers} uv mm
 * @returns {Vec2}
 */
export function planeToScreen(view, [width, height], [u, v]) {
  return [width / 2 + (u - view.centre[0]) / view.mmPerPx, height / 2 - (v - view.centre[1]) / view.mmPerPx];
}

/**
 * The inverse of `planeToScreen`.
 *
 * @param {View} view
 * @param {Numbers} size [width, height] in px
 * @param {Numbers} at px
 * @returns {Vec2}
 */
export function screenToPlane(view, [width, height], [x, y]) {
  return [view.centre[0] + (x - width / 2) * view.mmPerPx, view.centre[1] - (y - height / 2) * view.mmPerPx];
}

/**
 * Zoom by `factor` (> 1 comes closer) so that the point under `at` stays where it is.
 *
 * @param {View} view
 * @param {Numbers} size [width, height] in px
 * @param {Numbers} at px
 * @param {number} factor
 * @returns {View}
 */
export function zoomAt(view, size, at, factor) {
  const mmPerPx = clamp(view.mmPerPx / factor, 0.01, 20);
  const fixed = screenToPlane(view, size, at);
  const drift = screenToPlane({ centre: view.centre, mmPerPx }, size, at);
  return { centre: view.centre.map((c, n) => c + fixed[n] - drift[n]), mmPerPx };
}

/**
 * Move the picture by (dx, dy) px.
 *
 * @param {View} view
 * @param {number} dx
 * @param {number} dy
 * @returns {View}
 */
export function panBy(view, dx, dy) {
  return { ...view, centre: [view.centre[0] - dx * view.mmPerPx, view.centre[1] + dy * view.mmPerPx] };
}

/** Letters of the positive and the negative side of R, A and S. */
export const SIDE_LETTERS = [
  ['R', 'L'],
  ['A', 'P'],
  ['S', 'I'],
];

/**
 * A place along one of the patient's axes: "S 88.1" (mm).
 *
 * @param {number} axis
 * @param {number} mm
 */
export function axisText(axis, mm) {
  return `${SIDE_LETTERS[axis][mm < 0 ? 1 : 0]} ${Math.abs(mm).toFixed(1)}`;
}

/** A position in words: "R 12.3  A 4.0  S 88.1" (mm). @param {Numbers} world */
export function positionText(world) {
  return world.map((mm, axis) => axisText(axis, mm)).join('  ');
}
