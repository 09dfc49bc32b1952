/** A box along the grid's axes, outside of which nothing is drawn in 3D. */
import vtkPlane from '@kitware/vtk.js/Common/DataModel/Plane.js';
import { axisVector, indexToWorld } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES, clamp } from '../core/vectors.js';
/** @import { Grid, Numbers, Vec3 } from '../types.js' */

/** @typedef {number[][]} Box [from, to] as fractions of the grid's length along i, j and k */

/** All of it. @type {Box} */
export const WHOLE = [[0, 1], [0, 1], [0, 1]];

const THINNEST = 0.02; // of the grid's length
const BEHIND_MM = 12; // of the CT that is drawn behind a spine, and before it
const BEFORE_MM = 160;

/**
 * `box` with one face moved; the face opposite makes way.
 *
 * @param {number[][]} box as WHOLE
 * @param {number} axis
 * @param {number} end 0: where the box begins, 1: where it ends
 * @param {number} value
 */
export function withFace(box, axis, end, value) {
  const next = box.map((pair) => [...pair]);
  next[axis][end] = value;
  if (end === 0) next[axis][1] = Math.max(next[axis][1], Math.min(1, value + THINNEST));
  else next[axis][0] = Math.min(next[axis][0], Math.max(0, value - THINNEST));
  return next;
}

/**
 * What two boxes have in common, at least a thin slice.
 *
 * @param {Box} one
 * @param {Box} other
 * @returns {Box}
 */
export const common = (one, other) =>
  one.map(([from, to], axis) => {
    const start = Math.min(Math.max(from, other[axis][0]), 1 - THINNEST);
    return [start, Math.max(Math.min(to, other[axis][1]), start + THINNEST)];
  });

/**
 * The part of the scan before and a little behind a spine: a table is farther behind, or, of a patient who lies on the
 * belly, farther in front.
 *
 * @param {Grid} grid
 * @param {Numbers} bounds of the spine: low and high along R, A and S, mm
 * @returns {Box}
 */
export function withoutTable(grid, bounds) {
  const corners = Array.from({ length: 8 }, (_, n) => AXES.map((axis) => bounds[2 * axis + ((n >> axis) & 1)]));
  const along = corners.map((corner) => worldToIndex(grid, corner)[1]);
  const [spacing, length] = [grid.spacing_mm[1], grid.shape[1]];
  const from = (Math.min(...along) + 0.5 - BEHIND_MM / spacing) / length;
  const to = (Math.max(...along) + 0.5 + BEFORE_MM / spacing) / length;
  return [WHOLE[0], [clamp(from, 0, 1), clamp(to, 0, 1)], WHOLE[2]];
}

/** @typedef {{origin: Vec3, normal: Vec3, axis: number, towards: 1 | -1}} Side at which end of which axis */

/**
 * The planes of a box, in RAS+ mm, normals pointing inwards. Sides that cut nothing have none.
 *
 * @param {Grid} grid
 * @param {Box} box
 */
export function boxPlanes(grid, box) {
  return box.flatMap(([from, to], axis) => {
    const at = (/** @type {number} */ fraction) =>
      indexToWorld(grid, AXES.map((n) => (n === axis ? fraction * grid.shape[n] - 0.5 : 0)));
    /** @type {Side[]} */
    const planes = [];
    if (from > 0) planes.push({ origin: at(from), normal: axisVector(grid, axis), axis, towards: -1 });
    if (to < 1) planes.push({ origin: at(to), normal: axisVector(grid, axis, -1), axis, towards: 1 });
    return planes;
  });
}

/**
 * Clip mappers of volumes and surfaces, in place of what clipped them before.
 *
 * @param {{removeAllClippingPlanes(): void, addClippingPlane(plane: vtkPlane): void}[]} mappers
 * @param {Side[]} planes
 */
export function clip(mappers, planes) {
  mappers.forEach((mapper) => {
    mapper.removeAllClippingPlanes();
    planes.forEach(({ origin, normal }) => mapper.addClippingPlane(vtkPlane.newInstance({ origin, normal })));
  });
}
