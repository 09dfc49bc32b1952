/** The plane across a screw's axis (the "pedicle eye"), seen from behind: the patient's right is on the right. */
import { worldToIndex } from '../core/patient-frame.js';
import { cross } from '../core/vectors.js';
import { linearRow } from '../slices/reslice.js';
import { along, directionOf } from './guidance.js';
/**
 * @import { Grid, Numbers, Vec3, Voxels } from '../types.js'
 * @import { Ends } from './edits.js'
 */

/** @typedef {{centre: Vec3, right: Vec3, up: Vec3}} Across a plane: its middle, and unit vectors on the screen */

/** @param {Numbers} v @returns {Vec3} */
function unit([x, y, z]) {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/**
 * The plane across an axis, `depth` mm from the entry: as upright as can be.
 *
 * @param {Pick<Ends, 'entry_ras_mm' | 'tip_ras_mm'>} screw
 * @param {number} depth
 * @returns {Across}
 */
export function planeAcross(screw, depth) {
  const way = directionOf(screw);
  const above = Math.abs(way[2]) < 0.95 ? [0, 0, 1] : [0, -1, 0];
  const right = unit(cross(way, above));
  return { centre: along(screw.entry_ras_mm, way, depth), right, up: unit(cross(right, way)) };
}

/**
 * HU on a square of a plane, row by row from its top.
 *
 * @param {Voxels} values of the scan, i fastest
 * @param {Grid} grid
 * @param {Across} plane
 * @param {number} size px of each side
 * @param {number} mmPerPx
 * @param {number} outside HU beyond the scan
 */
export function sampleAcross(values, grid, { centre, right, up }, size, mmPerPx, outside) {
  const half = ((size - 1) / 2) * mmPerPx;
  const corner = along(along(centre, right, -half), up, half);
  const start = worldToIndex(grid, corner);
  const step = (/** @type {Numbers} */ way, /** @type {number} */ mm) =>
    worldToIndex(grid, along(corner, way, mm)).map((value, n) => value - start[n]);
  const way = { start, du: step(right, mmPerPx), dv: step(up, -mmPerPx), dn: [0, 0, 0] };
  const [picture, line] = [new Int16Array(size * size), new Int16Array(size)];
  for (let y = 0; y < size; y += 1) {
    linearRow(values, grid, way, y, 0, outside, line);
    picture.set(line, y * size);
  }
  return picture;
}
