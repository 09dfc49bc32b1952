/** Keys of a slice panel that has the focus. */
import { PLANES } from '../core/geometry.js';
/** @import { Plane } from '../types.js' */

/** @type {Record<string, ['u' | 'v', number]>} */
const KEYS = { ArrowLeft: ['u', -1], ArrowRight: ['u', 1], ArrowUp: ['v', 1], ArrowDown: ['v', -1] };
/** @type {Record<string, number>} */
const SCROLL_KEYS = { PageUp: 1, PageDown: -1, '[': -1, ']': 1 };
/** @type {Record<string, number>} */
const ZOOM_KEYS = { '+': 1.2, '=': 1.2, '-': 1 / 1.2 };

/**
 * @param {Plane} plane
 * @param {object} on
 * @param {(axis: number, by: number) => void} on.step slices along an axis of the patient
 * @param {(factor: number) => void} on.zoom
 * @param {() => void} on.reset
 * @param {() => void} on.play
 * @returns a listener of `keydown`
 */
export function sliceKeys(plane, { step, zoom, reset, play }) {
  const { axis, u, v } = PLANES[plane];
  /** @type {Record<string, () => void>} */
  const others = { 0: reset, Home: reset, ' ': play };

  function act(/** @type {string} */ name) {
    if (name in KEYS) {
      const [direction, by] = KEYS[name];
      const [along, sign] = direction === 'u' ? u : v;
      step(along, by * sign);
    } else if (name in SCROLL_KEYS) step(axis, SCROLL_KEYS[name]);
    else if (name in ZOOM_KEYS) zoom(ZOOM_KEYS[name]);
    else if (name in others) others[name]();
    else return false;
    return true;
  }

  return (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
