/** The point all panels look at: a place in the patient with listeners. */
import { frameOf, worldToIndex } from './patient-frame.js';
import { centreIndex, clampIndex, indexToWorld } from './geometry.js';
import { clamp } from './vectors.js';
/** @import { Crosshair, Grid, Numbers, Vec3 } from '../types.js' */

/**
 * A crosshair in the middle of the scan. In a scan along the patient's axes it stands on voxels; in an oblique one it
 * stands anywhere.
 *
 * @param {Grid} grid of the scan
 * @returns {Crosshair}
 */
export function createCrosshair(grid) {
  const frame = frameOf(grid);
  /** @type {Set<(index: Vec3, world: Vec3) => void>} */
  const listeners = new Set();
  let place = indexToWorld(grid, centreIndex(grid));

  const inside = (/** @type {Numbers} */ world) => {
    const index = worldToIndex(frame, world);
    if (frame.aligned) return indexToWorld(frame, clampIndex(frame, index));
    return indexToWorld(frame, index.map((value, axis) => clamp(value, 0, frame.shape[axis] - 1)));
  };

  /** @type {Crosshair} */
  const crosshair = {
    /** RAS+ mm. */
    get world() {
      return place.map((mm) => mm);
    },
    /** (i, j, k) of the scan's grid: whole numbers unless the scan is oblique. */
    get index() {
      const index = worldToIndex(grid, place);
      return frame.aligned ? index.map(Math.round) : index;
    },
    /** The nearest voxel of the scan. */
    get voxel() {
      return clampIndex(grid, worldToIndex(grid, place));
    },
    /** Move to a place in RAS+ mm, inside the scan; listeners are called with (index, world) only if it changed. */
    moveToWorld(wanted) {
      const next = inside(wanted);
      if (next.every((mm, axis) => Math.abs(mm - place[axis]) < 1e-6)) return false;
      place = next;
      listeners.forEach((listener) => listener(crosshair.index, crosshair.world));
      return true;
    },
    /** Move to a voxel (may be fractional) of the scan. */
    moveTo: (index) => crosshair.moveToWorld(indexToWorld(grid, index)),
    /** Step by `by` slices along the patient's axis `axis`: 0 R, 1 A, 2 S. */
    step(axis, by) {
      const wanted = crosshair.world;
      wanted[axis] += by * frame.spacing_mm[axis];
      return crosshair.moveToWorld(wanted);
    },
    onMove(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return crosshair;
}
