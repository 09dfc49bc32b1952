/** Cine: the slices of one plane one after another, until someone moves the crosshair. */
import { PLANES } from '../core/geometry.js';
/** @import { Crosshair, Frame, Plane } from '../types.js' */

const SLICES_A_SECOND = 12;

/**
 * The slice after `slice` of `slices`; after the last one the first.
 *
 * @param {number} slice
 * @param {number} slices
 */
export const nextSlice = (slice, slices) => (slice + 1) % slices;

/**
 * @param {Crosshair} crosshair
 * @param {Frame} frame
 * @param {(axis: number) => void} onChange called with the axis that plays now, -1 when it ended
 */
export function createCine(crosshair, frame, onChange) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let playing = -1;
  let stepping = false; // the crosshair is moved from here

  function stop() {
    if (playing < 0) return;
    clearInterval(timer);
    playing = -1;
    onChange(playing);
  }

  function step() {
    const world = crosshair.world;
    const [step_mm, low] = [frame.spacing_mm[playing], frame.origin_mm[playing]];
    const slice = Math.round((world[playing] - low) / step_mm);
    world[playing] = low + nextSlice(slice, frame.shape[playing]) * step_mm;
    stepping = true;
    crosshair.moveToWorld(world);
    stepping = false;
  }

  const stopFollowing = crosshair.onMove(() => {
    if (!stepping) stop();
  });

  return {
    /** Play the slices of a plane, or end that. @param {Plane} plane */
    play(plane) {
      const { axis } = PLANES[plane];
      const again = playing === axis;
      stop();
      if (again) return;
      playing = axis;
      onChange(axis);
      timer = setInterval(step, 1000 / SLICES_A_SECOND);
    },
    destroy() {
      stop();
      stopFollowing();
    },
  };
}
