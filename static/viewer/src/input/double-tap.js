/** Double clicks and double taps, which browsers report in different ways. */

export const TWICE_MS = 350; // between two taps that count as one double tap
export const SAME_PLACE_PX = 30;
const STILL_PX = 10;

/** @param {PointerEvent} a @param {PointerEvent} b */
const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

/** Handlers that call `act()` once for two taps or clicks in one place. @param {() => void} act */
export function createDoubleTap(act) {
  /** @type {?PointerEvent} */
  let down = null;
  /** @type {?PointerEvent} */
  let before = null;

  return {
    /** @param {PointerEvent} event */
    pointerdown(event) {
      down = event;
    },
    /** @param {PointerEvent} event */
    pointerup(event) {
      if (event.pointerType !== 'touch' || !down || apart(down, event) > STILL_PX) {
        before = null;
        return;
      }
      const second = before && event.timeStamp - before.timeStamp < TWICE_MS && apart(before, event) < SAME_PLACE_PX;
      before = second ? null : event;
      if (second) act();
    },
    /** Some browsers report a double tap as a double click too, and some of them much later. */
    dblclick() {
      if (down?.pointerType !== 'touch') act();
    },
  };
}
