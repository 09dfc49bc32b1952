/** Double clicks and double taps, which not every browser tells of in the same way. */

const TWICE_MS = 350;
const SAME_PLACE_PX = 30;
const STILL_PX = 10;

const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

/** Handlers { pointerdown, pointerup, dblclick } that call `act()` once for two taps or clicks in one place. */
export function createDoubleTap(act) {
  let down = null;
  let before = null;

  return {
    pointerdown(event) {
      down = event;
    },
    pointerup(event) {
      if (event.pointerType !== 'touch' || !down || apart(down, event) > STILL_PX) {
        before = null;
        return;
      }
      const second = before && event.timeStamp - before.timeStamp < TWICE_MS && apart(before, event) < SAME_PLACE_PX;
      before = second ? null : event;
      if (second) act();
    },
    /** Some browsers tell of a double tap as a double click too, and some of them much later. */
    dblclick() {
      if (down?.pointerType !== 'touch') act();
    },
  };
}
