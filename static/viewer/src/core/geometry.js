/**
 * The displayed grid: voxel index (i, j, k) to RAS+ mm, and the three planes seen on it.
 *
 * The server has turned the array to the closest canonical order, so i runs to about the patient's right (R),
 * j to anterior (A) and k to superior (S). Oblique scans keep their direction matrix.
 */

/** Radiological convention. `axis` is the axis looked along; `u` and `v` are [axis, sign] of screen right and up. */
export const PLANES = {
  axial: { axis: 2, u: [0, -1], v: [1, 1], letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' } },
  coronal: { axis: 1, u: [0, -1], v: [2, 1], letters: { left: 'R', right: 'L', top: 'S', bottom: 'I' } },
  sagittal: { axis: 0, u: [1, -1], v: [2, 1], letters: { left: 'A', right: 'P', top: 'S', bottom: 'I' } },
};

export const PLANE_NAMES = Object.keys(PLANES);

/** The unit vector (RAS+) of grid axis `axis`: a column of the direction matrix (given as rows R, A, S). */
export function axisVector(grid, axis, sign = 1) {
  return grid.direction.map((row) => sign * row[axis]);
}

/** (i, j, k), may be fractional, to RAS+ mm. */
export function indexToWorld(grid, index) {
  return [0, 1, 2].map(
    (r) =>
      grid.origin_mm[r] +
      index.reduce((sum, value, axis) => sum + grid.direction[r][axis] * grid.spacing_mm[axis] * value, 0),
  );
}

/** Mean index of the voxels of `values` (i fastest) that are not 0; null if there are none. */
export function centroidOf(values, [ni, nj, nk]) {
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

/** The voxel nearest to the middle of the grid. */
export function centreIndex(grid) {
  return grid.shape.map((n) => Math.floor((n - 1) / 2));
}

/** Round and keep inside the grid. */
export function clampIndex(grid, index) {
  return index.map((value, axis) => Math.min(grid.shape[axis] - 1, Math.max(0, Math.round(value))));
}

/** Where voxel (i, j, k) lies in the array, i fastest. */
export function offsetOf(grid, [i, j, k]) {
  return i + grid.shape[0] * (j + grid.shape[1] * k);
}

/** Position in a plane, in mm from voxel 0 along screen right and screen up. */
export function indexToPlane(grid, plane, index) {
  const { u, v } = PLANES[plane];
  return [u, v].map(([axis, sign]) => sign * index[axis] * grid.spacing_mm[axis]);
}

/** The inverse of `indexToPlane`: the coordinate along the plane's own axis is taken from `index`. */
export function planeToIndex(grid, plane, uv, index) {
  const { u, v } = PLANES[plane];
  const result = [...index];
  [u, v].forEach(([axis, sign], n) => {
    result[axis] = (sign * uv[n]) / grid.spacing_mm[axis];
  });
  return result;
}

/** Size of a plane's whole picture in mm: [along screen right, along screen up]. */
export function planeExtent(grid, plane) {
  const { u, v } = PLANES[plane];
  return [u, v].map(([axis]) => grid.shape[axis] * grid.spacing_mm[axis]);
}

/** The view that shows the whole plane in a panel of [width, height] px: its centre (mm) and mm per px. */
export function fitView(grid, plane, [width, height], margin = 1.04) {
  const [du, dv] = planeExtent(grid, plane);
  const middle = grid.shape.map((n) => (n - 1) / 2);
  return {
    centre: indexToPlane(grid, plane, middle),
    mmPerPx: Math.max(du / Math.max(width, 1), dv / Math.max(height, 1)) * margin,
  };
}

/** Plane mm to px from the panel's upper left corner. */
export function planeToScreen(view, [width, height], [u, v]) {
  return [width / 2 + (u - view.centre[0]) / view.mmPerPx, height / 2 - (v - view.centre[1]) / view.mmPerPx];
}

/** The inverse of `planeToScreen`. */
export function screenToPlane(view, [width, height], [x, y]) {
  return [view.centre[0] + (x - width / 2) * view.mmPerPx, view.centre[1] - (y - height / 2) * view.mmPerPx];
}

/** Zoom by `factor` (> 1 comes closer) so that the point under `at` (px) stays where it is. */
export function zoomAt(view, size, at, factor) {
  const mmPerPx = Math.min(20, Math.max(0.01, view.mmPerPx / factor));
  const fixed = screenToPlane(view, size, at);
  const drift = screenToPlane({ centre: view.centre, mmPerPx }, size, at);
  return { centre: view.centre.map((c, n) => c + fixed[n] - drift[n]), mmPerPx };
}

/** Move the picture by (dx, dy) px. */
export function panBy(view, dx, dy) {
  return { ...view, centre: [view.centre[0] - dx * view.mmPerPx, view.centre[1] + dy * view.mmPerPx] };
}

const LETTERS = [
  ['R', 'L'],
  ['A', 'P'],
  ['S', 'I'],
];

/** A place along one of the patient's axes: "S 88.1" (mm). */
export function axisText(axis, mm) {
  return `${LETTERS[axis][mm < 0 ? 1 : 0]} ${Math.abs(mm).toFixed(1)}`;
}

/** A position in words: "R 12.3  A 4.0  S 88.1" (mm). */
export function positionText(world) {
  return world.map((mm, axis) => axisText(axis, mm)).join('  ');
}
