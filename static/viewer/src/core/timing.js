/** Delays: functions that are called less often than they are asked for. */

/**
 * Call `fn` at most once in `ms`, and always with the latest arguments.
 *
 * @template {unknown[]} Arguments
 * @param {(...args: Arguments) => void} fn
 * @param {number} ms
 */
export function throttled(fn, ms) {
  /** @type {ReturnType<typeof setTimeout> | null} */
  let timer = null;
  /** @type {Arguments} */
  let latest;
  return (/** @type {Arguments} */ ...args) => {
    latest = args;
    if (timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      fn(...latest);
    }, ms);
  };
}

/**
 * Call `fn` once `ms` have passed without another call; `.cancel()` drops a call that waits.
 *
 * @param {() => void} fn
 * @param {number} ms
 */
export function debounced(fn, ms) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const call = () => {
    clearTimeout(timer);
    timer = setTimeout(fn, ms);
  };
  call.cancel = () => clearTimeout(timer);
  return call;
}
