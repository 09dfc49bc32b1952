/** `window.spineview`: what tests and scripts may read of the viewer on this page. Nothing can be changed by it. */

/**
 * @typedef {object} ReadableViewer what is read of viewer.js
 * @property {{voxel: number[], world: number[]}} crosshair
 * @property {() => ?number[]} vrBounds
 * @property {() => ?object} vrRoom
 * @property {() => number} hu
 * @property {() => number[]} window
 */

/** @type {?ReadableViewer} */
let owner = null;

/**
 * Show `viewer`, whose flags live in `state`.
 *
 * @param {ReadableViewer} viewer
 * @param {{ready: boolean, masks: string[]}} state
 */
export function publish(viewer, state) {
  const hook = {
    get ready() {
      return state.ready;
    },
    /** Ids of the masks drawn on the slices and in 3D. */
    get masks() {
      return [...state.masks];
    },
    /** The voxel (i, j, k) of the displayed (canonical RAS+) grid. */
    get crosshair() {
      return viewer.crosshair.voxel;
    },
    /** RAS+ mm. */
    get position() {
      return viewer.crosshair.world;
    },
    /** Bounds in mm of what a headset shows: [from, to] along R, A and S; null where none is worn. */
    get vr() {
      return viewer.vrBounds();
    },
    /** Where a headset shows it, and what is said there, see vr/room.js; null where none is worn. */
    get room() {
      return viewer.vrRoom();
    },
    get hu() {
      return viewer.hu();
    },
    /** [level, width] in HU. */
    get window() {
      return viewer.window();
    },
  };
  owner = viewer;
  Object.defineProperty(window, 'spineview', { configurable: true, value: Object.freeze(hook) });
}

/**
 * Take it away again, unless another viewer took its place.
 *
 * @param {?ReadableViewer} viewer
 */
export function withdraw(viewer) {
  if (viewer && owner === viewer) Reflect.deleteProperty(window, 'spineview');
}
