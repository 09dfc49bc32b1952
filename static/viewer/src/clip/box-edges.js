/** A clipping box in the patient: its corners, edges and faces, and where a place lies along its axes (pure). */
import { indexToWorld } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES } from '../core/vectors.js';
/**
 * @import { Grid, Numbers, Vec3 } from '../types.js'
 * @import { Box } from '../volume/clip-box.js'
 */

/** RAS+ mm of a place as parts of the grid's length along i, j and k. @param {Grid} grid @param {Numbers} parts */
export const placeAt = (grid, parts) =>
  indexToWorld(grid, AXES.map((axis) => parts[axis] * grid.shape[axis] - 0.5));

/** The inverse of `placeAt`. @param {Grid} grid @param {Numbers} world @returns {Vec3} */
export const partsOf = (grid, world) =>
  worldToIndex(grid, world).map((value, axis) => (value + 0.5) / grid.shape[axis]);

/** The middle of a box, or of one of its faces, as parts. @param {Box} box @param {number} axis @param {number} end */
export const faceOf = (box, axis, end) =>
  box.map(([from, to], n) => (n === axis ? [from, to][end] : (from + to) / 2));

/** The twelve edges of a box, as parts: pairs of corners that differ along one axis. @param {Box} box */
export const edgesOf = (box) =>
  AXES.flatMap((axis) => {
    const [u, v] = AXES.filter((other) => other !== axis);
    return [0, 1, 2, 3].map((n) =>
      [0, 1].map((end) => {
        const corner = [0, 0, 0];
        corner[axis] = box[axis][end];
        corner[u] = box[u][n & 1];
        corner[v] = box[v][n >> 1];
        return corner;
      }),
    );
  });
