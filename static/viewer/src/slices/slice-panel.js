/** One plane of the patient: the CT's slice, the masks above it, and the overlay of crosshair, letters and numbers. */
import {
  PLANES, fitView, indexToPlane, indexToWorld, panBy, planeToIndex, planeToScreen, screenToPlane, zoomAt,
} from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { createFlatPicture } from './canvas-renderer.js';
import { listen } from '../input/gestures.js';
import { createGlPicture } from './webgl-renderer.js';
import { createOverlay } from './slice-overlay.js';
import { createSampler, slabCount } from './reslice.js';

const KEYS = { ArrowLeft: ['u', -1], ArrowRight: ['u', 1], ArrowUp: ['v', 1], ArrowDown: ['v', -1] };
const SCROLL_KEYS = { PageUp: 1, PageDown: -1, '[': -1, ']': 1 };
const ZOOM_KEYS = { '+': 1.2, '=': 1.2, '-': 1 / 1.2 };
const SINGLE = { count: 1, mode: 'mean' };

/**
 * @param {HTMLElement} element filled by the panel
 * @param {string} plane a key of PLANES
 * @param {object} scene { grid, frame, values, air, crosshair, hover(world | null), reading(world), tool(), windowing(dx, dy), windowed(),
 *   play(plane), linked(view), follower }; views are { centre, mmPerPx } in the frame's plane, see geometry.js; a follower's size
 *   changes nobody's view but its own; `flat` where there is no WebGL2
 */
export function createSlicePanel(element, plane, scene) {
  const { grid, frame, crosshair } = scene;
  const { axis, u, v } = PLANES[plane];
  let view = null;
  let untouched = true;
  let slab = SINGLE;
  const watchers = new Set();

  const sample = createSampler(grid, frame, scene.values, { linear: true, outside: scene.air });
  const createPicture = scene.flat ? createFlatPicture : createGlPicture;
  const target = createPicture(element, plane, scene, sample, (size) => {
    if (!view || untouched) {
      view = fitView(frame, plane, size);
      if (!scene.follower) scene.linked?.(view);
    }
    aim();
  });
  const labels = createOverlay(element, plane);

  const place = () => worldToIndex(frame, crosshair.world);
  const sliceNow = () => (frame.aligned ? Math.round(place()[axis]) : place()[axis]);

  function aim() {
    if (!view) return;
    target.show(sliceNow(), slab);
    target.aim(view, place());
    const size = target.size();
    labels.place(toScreen(crosshair.world), size, view.mmPerPx);
    labels.tell(Math.round(sliceNow()) + 1, frame.shape[axis], crosshair.world[axis], slab, frame.spacing_mm[axis]);
    target.draw();
    watchers.forEach((watcher) => watcher());
  }

  const toScreen = (world) => planeToScreen(view, target.size(), indexToPlane(frame, plane, worldToIndex(frame, world)));
  const toWorld = (at) => indexToWorld(frame, planeToIndex(frame, plane, screenToPlane(view, target.size(), at), place()));

  function change(next, touched = true) {
    view = next;
    untouched = !touched;
    aim();
    scene.linked?.(view);
  }
  const reset = () => change(fitView(frame, plane, target.size()), false);

  const OTHER_KEYS = { 0: reset, Home: reset, ' ': () => scene.play(plane) };

  function act(name) {
    const [direction, by] = KEYS[name] ?? [];
    if (direction) {
      const [along, sign] = direction === 'u' ? u : v;
      crosshair.step(along, by * sign);
    } else if (name in SCROLL_KEYS) crosshair.step(axis, SCROLL_KEYS[name]);
    else if (name in ZOOM_KEYS) change(zoomAt(view, target.size(), target.size().map((n) => n / 2), ZOOM_KEYS[name]));
    else if (name in OTHER_KEYS) OTHER_KEYS[name]();
    else return false;
    return true;
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  const stopListening = listen(
    element,
    {
      crosshair: (at) => crosshair.moveToWorld(toWorld(at)),
      scroll: (steps) => crosshair.step(axis, -steps),
      zoom: (at, factor) => change(zoomAt(view, target.size(), at, factor)),
      pan: (dx, dy) => change(panBy(view, dx, dy)),
      windowing: scene.windowing,
      windowed: scene.windowed,
      hover: (at) => scene.hover(at && toWorld(at)),
      probe(at) {
        scene.hover(at && toWorld(at));
        labels.bubble(at, at && scene.reading(toWorld(at)));
      },
      key,
    },
    scene.tool,
  );
  const stopFollowing = crosshair.onMove(aim);

  target.start();
  return {
    plane,
    axis,
    reset,
    toScreen,
    toWorld,
    /** [centre u, centre v, mm a px] if someone chose them, else null. */
    chosenView: () => (untouched || !view ? null : [...view.centre, view.mmPerPx]),
    /** Call `watcher` whenever the slice, the zoom or the crosshair changed. Returns what ends it. */
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    /** `list` see masks.js; `look` is { opacity 0..1, outline }. */
    setMasks(list, look) {
      target.setMasks(list, look);
      aim();
    },
    setLook(look) {
      target.setLook(look);
      target.draw();
    },
    /** Draw now, so that the canvas can be read. */
    render: target.render,
    /** The scan's values changed. */
    refresh() {
      target.forget();
      aim();
    },
    /** [level, width] in HU. */
    setWindow(level) {
      target.setWindow(level);
      target.draw();
    },
    /** About `mm` of the patient at once, by `mode` "max" or "mean"; 0 mm is one slice. */
    setSlab(mm, mode) {
      slab = mm > 0 ? { count: slabCount(mm, frame.spacing_mm[axis]), mode } : SINGLE;
      aim();
    },
    /** Show the box [low, high] (RAS+ mm) as large as fits. */
    showBox(low, high) {
      const corners = [low, high].map((world) => indexToPlane(frame, plane, worldToIndex(frame, world)));
      const [width, height] = [0, 1].map((n) => Math.abs(corners[1][n] - corners[0][n]));
      const [across, down] = target.size();
      const mmPerPx = Math.max(width / Math.max(across, 1), height / Math.max(down, 1), 0.02) * 1.6;
      change({ centre: [0, 1].map((n) => (corners[0][n] + corners[1][n]) / 2), mmPerPx });
    },
    /** Take over another panel's view of the same plane, telling nobody. */
    follow(next) {
      view = next;
      untouched = false;
      aim();
    },
    destroy() {
      stopListening();
      stopFollowing();
      labels.destroy();
      target.destroy();
    },
  };
}
