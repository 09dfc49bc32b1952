/** Keys of a slice panel that has the focus. */
import { PLANES } from '../core/geometry.js';
import { SLICE_KEYS } from '../input/shortcuts.js';
/** @import { Plane } from '../types.js' */

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
  const { axis } = PLANES[plane];

  function act(/** @type {string} */ name) {
    if (name in SLICE_KEYS.move) {
      const [direction, by] = SLICE_KEYS.move[name];
      const [along, sign] = PLANES[plane][direction];
      step(along, by * sign);
    } else if (name in SLICE_KEYS.scroll) step(axis, SLICE_KEYS.scroll[name]);
    else if (name in SLICE_KEYS.zoom) zoom(SLICE_KEYS.zoom[name]);
    else if (SLICE_KEYS.reset.includes(name)) reset();
    else if (SLICE_KEYS.play.includes(name)) play();
    else return false;
    return true;
  }

  return (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
