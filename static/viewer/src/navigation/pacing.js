/** Work that must not take the time of what is more urgent: a slow machine does it less often. */

/**
 * `act`, at most so often that it takes a share of the time; calls between are dropped, the last of them made up for.
 *
 * @template {unknown[]} Args
 * @param {(...args: Args) => void | Promise<number>} act gives the ms that it took of others, where they come later
 * @param {number} share of the time, 0 to 1
 * @param {() => number} now ms
 */
export function paced(act, share, now = () => performance.now()) {
  let free = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  /** @type {Args | null} */
  let last = null;
  let isBusy = false;
  /** @param {number} ms that were taken */
  function rest(ms) {
    isBusy = false;
    free = now() + ms * (1 / share - 1);
    if (last && !timer) timer = setTimeout(run, free - now());
  }
  function run() {
    timer = null;
    if (!last) return;
    const args = last;
    last = null;
    const begun = now();
    isBusy = true;
    const done = act(...args);
    if (done) done.then(rest);
    else rest(now() - begun);
  }
  return {
    /** @param {Args} args */
    call(...args) {
      last = args;
      if (timer || isBusy) return;
      if (now() >= free) run();
      else timer = setTimeout(run, free - now());
    },
    stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      last = null;
    },
  };
}

const FRAME_MS = 1000 / 60;

/**
 * How long the pictures take that are drawn in the next frame, beyond the time of a frame that draws nothing.
 *
 * @param {(act: (now: number) => void) => void} frame requestAnimationFrame
 * @returns {Promise<number>} ms, known when the frame after it begins
 */
export const picturesTime = (frame = requestAnimationFrame) =>
  new Promise((known) => {
    frame((begun) => frame((after) => known(Math.max(0, after - begun - 1.25 * FRAME_MS))));
  });
