/** One plane of the patient: the CT's slice, the masks above it, and the overlay of crosshair, letters and numbers. */
import { PLANES } from '../core/geometry.js';
import { listen } from '../input/gestures.js';
import { createContourLayer } from './contour-layer.js';
import { createOverlay } from './slice-overlay.js';
import { createPanelView } from './panel-view.js';
import { createSampler, slabCount } from './reslice.js';
import { createSlicePicture } from './slice-picture.js';
import { sliceKeys } from './slice-keys.js';
/**
 * @import { Crosshair, Frame, Grid, Look, Mask, Numbers, Plane, Slab, View } from '../types.js'
 * @import { Change } from '../edit/label-volume.js'
 * @import { StrokeActions } from '../input/gestures.js'
 * @import { ContourLayer } from './contour-layer.js'
 */

/**
 * What a slice panel needs of the study and of the panels around it.
 *
 * @typedef {object} SliceScene
 * @property {Grid} grid of the scan
 * @property {Frame} frame
 * @property {Int16Array} values HU, i fastest
 * @property {number} air HU beyond the scan
 * @property {Crosshair} crosshair
 * @property {boolean} [follower] whether its size changes nobody's view but its own
 * @property {(world: ?Numbers) => void} hover
 * @property {(world: Numbers) => string} reading HU in words
 * @property {() => string} tool chosen
 * @property {(dx: number, dy: number) => void} windowing
 * @property {() => void} windowed
 * @property {(plane: Plane) => void} play
 * @property {(plane: Plane) => ?StrokeActions} [edit] what the tool "edit" does in a panel
 * @property {(view: View) => void} [linked] called when the view changed
 */

/** @typedef {ReturnType<typeof createSlicePanel>} SlicePanel */

/** @type {Slab} */
const SINGLE = { count: 1, mode: 'mean' };

/**
 * @param {HTMLElement} element filled by the panel
 * @param {Plane} plane
 * @param {SliceScene} scene
 */
export function createSlicePanel(element, plane, scene) {
  const { grid, frame, crosshair } = scene;
  const { axis } = PLANES[plane];
  let slab = SINGLE;
  /** @type {Set<() => void>} */
  const watchers = new Set();

  const view = createPanelView(frame, plane, crosshair, () => picture.size(), (next, link) => {
    update();
    if (link) scene.linked?.(next);
  });
  const sample = createSampler(grid, frame, scene.values, { linear: true, outside: scene.air });
  const picture = createSlicePicture(element, plane, frame, sample, () => view.resized(!scene.follower));
  const contours = createContourLayer(element, frame, plane);
  const overlay = createOverlay(element, plane);

  function update() {
    if (!view.current) return;
    const place = view.place();
    const slice = frame.aligned ? Math.round(place[axis]) : place[axis];
    picture.show(slice, slab);
    picture.updateCamera(view.current, place);
    contours.show(slice, slab);
    contours.draw(view.current, picture.size());
    overlay.place(view.toScreen(crosshair.world), picture.size(), view.current.mmPerPx);
    overlay.setSlice(Math.round(slice) + 1, frame.shape[axis], crosshair.world[axis], slab, frame.spacing_mm[axis]);
    picture.draw();
    watchers.forEach((watcher) => watcher());
  }

  const stopListening = listenTo(element, plane, scene, view, overlay, picture);
  const stopFollowing = crosshair.onMove(update);

  picture.start();
  return {
    plane,
    axis,
    reset: view.reset,
    toScreen: view.toScreen,
    toWorld: view.toWorld,
    userChoice: view.userChoice,
    showBox: view.showBox,
    follow: view.follow,
    /** Call when the slice, the zoom or the crosshair changed. Returns what ends it. @param {() => void} watcher */
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    ...pictureSetters(picture, contours, overlay, update),
    /** Voxels of a mask changed: draw them, and nothing else. @param {string} id @param {Change} change */
    edited(id, change) {
      if (view.current && contours.edited(id, change)) contours.draw(view.current, picture.size());
    },
    /** Show about `mm` of the patient at once; 0 mm is one slice. @param {number} mm @param {Slab['mode']} mode */
    setSlab(mm, mode) {
      slab = mm > 0 ? { count: slabCount(mm, frame.spacing_mm[axis]), mode } : SINGLE;
      update();
    },
    destroy() {
      stopListening();
      stopFollowing();
      overlay.destroy();
      contours.destroy();
      picture.destroy();
    },
  };
}

/**
 * Changes of what is drawn.
 *
 * @param {ReturnType<typeof createSlicePicture>} picture
 * @param {ContourLayer} contours
 * @param {ReturnType<typeof createOverlay>} overlay
 * @param {() => void} update
 */
function pictureSetters(picture, contours, overlay, update) {
  return {
    /** Draw now, so that the canvas can be read. */
    render: picture.render,
    /** @param {Mask[]} list @param {Look} look */
    setMasks(list, look) {
      contours.setLook(look);
      contours.set(list);
      update();
    },
    /** @param {Look} look */
    setLook(look) {
      contours.setLook(look);
      update();
    },
    /** @param {Numbers} window [level, width] in HU */
    setWindow(window) {
      picture.setWindow(window);
      overlay.setWindow(window);
      picture.draw();
    },
    /** The scan's values changed. */
    refresh() {
      picture.invalidate();
      update();
    },
  };
}

/**
 * Let pointer and keys act on a panel.
 *
 * @param {HTMLElement} element
 * @param {Plane} plane
 * @param {SliceScene} scene
 * @param {ReturnType<typeof createPanelView>} view
 * @param {ReturnType<typeof createOverlay>} overlay
 * @param {{size: () => Numbers}} picture
 */
function listenTo(element, plane, scene, view, overlay, picture) {
  const { crosshair } = scene;
  const { axis } = PLANES[plane];
  const worldAt = (/** @type {?Numbers} */ at) => (at ? view.toWorld(at) : null);
  const on = {
    crosshair: (/** @type {Numbers} */ at) => crosshair.moveToWorld(view.toWorld(at)),
    scroll: (/** @type {number} */ steps) => crosshair.step(axis, -steps),
    zoom: view.zoom,
    pan: view.pan,
    windowing: scene.windowing,
    windowed: scene.windowed,
    hover: (/** @type {?Numbers} */ at) => scene.hover(worldAt(at)),
    probe(/** @type {?Numbers} */ at) {
      const world = worldAt(at);
      scene.hover(world);
      overlay.setBubble(at, world ? scene.reading(world) : '');
    },
    edit: () => scene.edit?.(plane) ?? null,
    key: sliceKeys(plane, {
      step: crosshair.step,
      zoom: (factor) => view.zoom(picture.size().map((n) => n / 2), factor),
      reset: view.reset,
      play: () => scene.play(plane),
    }),
  };
  return listen(element, on, scene.tool);
}
