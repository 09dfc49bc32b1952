/** Cine: the slices of one plane one after another, until someone takes over. */

const SLICES_A_SECOND = 12;

/** The slice after `slice` of `slices`; behind the last one the first. */
export const nextSlice = (slice, slices) => (slice + 1) % slices;

/**
 * @param {object} crosshair see crosshair.js
 * @param {object} frame see patient-frame.js
 * @param {(axis: number) => void} told the axis that plays now, -1 when it ended
 * @returns {{toggle(axis), stop()}}
 */
export function createCine(crosshair, frame, told) {
  let timer = null;
  let playing = -1;
  let mine = false; // this move is ours

  function stop() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    playing = -1;
    told(playing);
  }

  function step() {
    const world = crosshair.world;
    const [step_mm, low] = [frame.spacing_mm[playing], frame.origin_mm[playing]];
    const slice = Math.round((world[playing] - low) / step_mm);
    world[playing] = low + nextSlice(slice, frame.shape[playing]) * step_mm;
    mine = true;
    crosshair.moveToWorld(world);
    mine = false;
  }

  const stopFollowing = crosshair.onMove(() => {
    if (!mine) stop();
  });

  return {
    stop,
    toggle(axis) {
      const again = playing === axis;
      stop();
      if (again) return;
      playing = axis;
      told(axis);
      timer = setInterval(step, 1000 / SLICES_A_SECOND);
    },
    destroy() {
      stop();
      stopFollowing();
    },
  };
}
