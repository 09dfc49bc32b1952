/** The point all panels look at: a place in the patient with listeners. */
import { frameOf, worldToIndex } from './patient-frame.js';
import { centreIndex, clampIndex, indexToWorld } from './geometry.js';

/**
 * In a scan along the patient's axes the crosshair stands on voxels; in an oblique one it stands anywhere.
 * Places are RAS+ mm, indices those of the scan's grid.
 */
export function createCrosshair(grid) {
  const frame = frameOf(grid);
  const listeners = new Set();
  let place = indexToWorld(grid, centreIndex(grid));

  const inside = (world) => {
    const index = worldToIndex(frame, world);
    if (frame.aligned) return indexToWorld(frame, clampIndex(frame, index));
    return indexToWorld(frame, index.map((value, axis) => Math.min(frame.shape[axis] - 1, Math.max(0, value))));
  };

  const crosshair = {
    /** RAS+ mm. */
    get world() {
      return [...place];
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
    /** Move to a place in RAS+ mm, inside the scan; listeners hear of it (index, world) only if it changed. */
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
      const wanted = [...place];
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

/** Call `fn` at most once in `ms`, and always with the latest arguments. */
export function throttled(fn, ms) {
  let timer = null;
  let latest = null;
  return (...args) => {
    latest = args;
    if (timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      fn(...latest);
    }, ms);
  };
}

/** Call `fn` once nobody has asked for `ms`; `.cancel()` forgets what was asked. */
export function settled(fn, ms) {
  let timer = null;
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(fn, ms);
  };
  ask.cancel = () => clearTimeout(timer);
  return ask;
}
