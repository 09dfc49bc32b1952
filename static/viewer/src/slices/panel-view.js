/** The part of its plane that a slice panel shows, and where its places lie in the patient. */
import {
  fitView, indexToPlane, indexToWorld, panBy, planeToIndex, planeToScreen, screenToPlane, zoomAt,
} from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { midpoint } from '../core/vectors.js';
/** @import { Crosshair, Frame, Numbers, Plane, Vec2, View } from '../types.js' */

const BOX_MARGIN = 1.3; // times the size of what is zoomed to
const CLOSEST_BOX = 0.02; // mm per px

/**
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {Crosshair} crosshair
 * @param {() => Vec2} size of the panel, [width, height] in px
 * @param {(view: View, link: boolean) => void} onChange `link`: panels linked to this one are to follow
 */
export function createPanelView(frame, plane, crosshair, size, onChange) {
  /** @type {?View} */
  let chosen = null; // as soon as the panel has a size
  let userMoved = false;

  const fitted = () => fitView(frame, plane, size());
  const now = () => chosen ?? fitted();
  const place = () => worldToIndex(frame, crosshair.world);
  const inPlane = (/** @type {Numbers} */ world) => indexToPlane(frame, plane, worldToIndex(frame, world));
  function change(/** @type {View} */ view, moved = true, link = true) {
    chosen = view;
    userMoved = moved;
    onChange(view, link);
  }

  return {
    /** What is shown; null while the panel has no size. */
    get current() {
      return chosen;
    },
    /** [centre u, centre v, mm a px] if someone chose them, else null. */
    userChoice: () => (userMoved && chosen ? [...chosen.centre, chosen.mmPerPx] : null),
    /** The crosshair as an index of the frame. */
    place,
    /** RAS+ mm to px. @param {Numbers} world */
    toScreen: (world) => planeToScreen(now(), size(), inPlane(world)),
    /** px to RAS+ mm on the slice shown. @param {Numbers} at */
    toWorld: (at) =>
      indexToWorld(frame, planeToIndex(frame, plane, screenToPlane(now(), size(), at), place())),
    /** The panel has another size. @param {boolean} link */
    resized(link) {
      if (!chosen || !userMoved) change(fitted(), false, link);
      else onChange(chosen, false);
    },
    reset: () => change(fitted(), false),
    /** @param {Numbers} at px @param {number} factor */
    zoom: (at, factor) => change(zoomAt(now(), size(), at, factor)),
    /** @param {number} dx px @param {number} dy */
    pan: (dx, dy) => change(panBy(now(), dx, dy)),
    /** Show a box as large as fits, no smaller than it is. @param {Numbers} low a corner, mm @param {Numbers} high */
    showBox(low, high) {
      const [from, to] = [inPlane(low), inPlane(high)];
      const [across, down] = size();
      const scale = (/** @type {number} */ n, /** @type {number} */ px) => Math.abs(to[n] - from[n]) / Math.max(px, 1);
      const fits = Math.max(scale(0, across), scale(1, down), CLOSEST_BOX) * BOX_MARGIN;
      const mmPerPx = Math.min(fits, now().mmPerPx);
      const [u, v] = midpoint([...from, 0], [...to, 0]);
      change({ centre: [u, v], mmPerPx });
    },
    /** Take over another panel's view; linked panels do not follow. @param {View} view */
    follow: (view) => change(view, true, false),
  };
}
