/** Keys that work wherever the focus is, but not where someone writes. */

const WRITES = 'input:not([type="range"], [type="checkbox"], [type="color"]), textarea, select, [contenteditable]';

/** Whether a key pressed there is meant as text. */
export const isWriting = (target) => Boolean(target?.closest?.(WRITES));

/**
 * @param {Record<string, () => void>} actions by `event.key`, letters in lower case
 * @param {() => boolean} away whether no key counts now, because something lies above the page
 * @returns a function that stops listening
 */
export function listenToKeys(actions, away = () => false) {
  function key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target) || away()) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    action();
    event.preventDefault();
  }
  window.addEventListener('keydown', key);
  return () => window.removeEventListener('keydown', key);
}
