/** Work that must not take the time of what is more urgent: a slow machine does it less often. */

/**
 * `act`, at most so often that it takes a share of the time; calls between are dropped, the last of them made up for.
 *
 * @template {unknown[]} Args
 * @param {(...args: Args) => void} act
 * @param {number} share of the time, 0 to 1
 * @param {() => number} now ms
 */
export function paced(act, share, now = () => performance.now()) {
  let free = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  /** @type {Args | null} */
  let last = null;
  function run() {
    timer = null;
    if (!last) return;
    const args = last;
    last = null;
    const begun = now();
    act(...args);
    free = now() + (now() - begun) * (1 / share - 1);
  }
  return {
    /** @param {Args} args */
    call(...args) {
      last = args;
      if (timer) return;
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
