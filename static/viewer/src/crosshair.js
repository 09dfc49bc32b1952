/** The point all panels look at: a voxel index with listeners. */
import { centreIndex, clampIndex } from './geometry.js';

export function createCrosshair(grid) {
  let index = centreIndex(grid);
  const listeners = new Set();
  return {
    get index() {
      return [...index];
    },
    /** Move to the nearest voxel inside the grid; listeners hear of it only if it changed. */
    moveTo(wanted) {
      const next = clampIndex(grid, wanted);
      if (next.every((value, axis) => value === index[axis])) return false;
      index = next;
      listeners.forEach((listener) => listener(next));
      return true;
    },
    /** Step along one axis. */
    step(axis, by) {
      const wanted = [...index];
      wanted[axis] += by;
      return this.moveTo(wanted);
    },
    onMove(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
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
