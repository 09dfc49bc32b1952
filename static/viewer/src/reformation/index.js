/** The spine straightened along its vertebrae: two slice panels of a curved reformation, while the page shows them. */
import { make } from '../core/dom.js';
import { createSlicePanel } from '../slices/slice-panel.js';
import { createCentreline } from './centreline.js';
import { stepFor, straighten } from './straightened.js';
import { centresOf } from './vertebrae.js';
/**
 * @import { Crosshair, Frame, LabelStatistics, Look, Mask, Numbers, Texts, Vec3 } from '../types.js'
 * @import { Change } from '../edit/label-volume.js'
 * @import { SlicePanel, SliceScene } from '../slices/slice-panel.js'
 * @import { Straightened } from './straightened.js'
 */

/** Panels by name of their element, and the plane that each is like. */
const PLANES = /** @type {const} */ ({ straightSagittal: 'sagittal', straightCoronal: 'coronal' });
const DRAGS = ['crosshair', 'scroll', 'window', 'pan', 'zoom']; // nothing else acts here: no measure would be right

/**
 * The patient's crosshair as a place of the straightened frame.
 *
 * @param {Crosshair} crosshair
 * @param {Straightened} space
 * @param {Frame} patient
 * @returns {Crosshair}
 */
function crosshairIn(crosshair, { frame, toPatient, toStraight }, patient) {
  const inside = (/** @type {Numbers} */ at) =>
    /** @type {Vec3} */ (
      at.map((mm, n) => {
        const low = frame.origin_mm[n];
        return Math.min(low + (frame.shape[n] - 1) * frame.spacing_mm[n], Math.max(low, mm));
      })
    );
  const moveToWorld = (/** @type {Numbers} */ at) => crosshair.moveToWorld(toPatient(at));
  return {
    get world() {
      return inside(toStraight(crosshair.world));
    },
    get index() {
      return crosshair.index;
    },
    get voxel() {
      return crosshair.voxel;
    },
    moveToWorld,
    moveTo: crosshair.moveTo,
    /** By voxels of the scan: a crosshair that stands on voxels would not leave one by less. */
    step(axis, by) {
      const at = inside(toStraight(crosshair.world));
      at[axis] += by * Math.max(patient.spacing_mm[axis], frame.spacing_mm[axis]);
      return moveToWorld(at);
    },
    onMove: (listener) => crosshair.onMove(listener),
  };
}

/**
 * What the panels must not be taken for, written in each.
 *
 * @param {HTMLElement} element
 * @param {Texts} texts
 */
function write(element, texts) {
  const lines = ['straight_is', 'straight_not'].map((key) => make('div', { class: 'sv-reformation' }, texts[key]));
  const caption = make('div', { class: 'sv-caution', 'data-testid': 'reformation-caution' }, ...lines);
  element.append(caption);
  return () => caption.remove();
}

/**
 * @param {Record<string, HTMLElement>} hosts elements by name of the panel
 * @param {SliceScene} scene of the patient's own panels
 * @param {Texts} texts
 */
export function createReformation(hosts, scene, texts) {
  /** @type {Record<string, SlicePanel>} */
  let panels = {};
  /** @type {(() => void)[]} */
  let captions = [];
  /** @type {?{masks: Mask[], look: Look}} */
  let drawn = null;
  let shown = '';

  const all = () => Object.values(panels);
  function close() {
    all().forEach((panel) => panel.destroy());
    captions.forEach((remove) => remove());
    [panels, captions] = [{}, []];
  }
  /** @param {Vec3[]} centres */
  function open(centres) {
    const space = straighten(createCentreline(centres, stepFor(scene.grid)));
    const inPatient = (/** @type {?Numbers} */ at) => at && space.toPatient(at);
    const tool = () => (DRAGS.includes(scene.tool()) ? scene.tool() : DRAGS[0]);
    /** @type {SliceScene} */
    const own = {
      ...scene,
      frame: space.frame,
      crosshair: crosshairIn(scene.crosshair, space, scene.frame),
      hover: (at) => scene.hover(inPatient(at)),
      reading: (at) => scene.reading(space.toPatient(at)),
      tool,
      play: () => {},
      edit: () => null,
      linked: () => {},
    };
    panels = Object.fromEntries(
      Object.entries(PLANES).map(([name, plane]) => [name, createSlicePanel(hosts[name], plane, own)]),
    );
    captions = Object.keys(PLANES).map((name) => write(hosts[name], texts));
    const now = drawn;
    if (now) all().forEach((panel) => panel.setMasks(now.masks, now.look));
  }

  return {
    /** The panels that there are now. */
    all,
    named: () => panels,
    /**
     * Show the spine of a mask straightened; nothing where `statistics` of its vertebrae is null or has too few.
     *
     * @param {?Record<string, LabelStatistics>} statistics
     * @returns {boolean} whether there are other panels than before
     */
    show(statistics) {
      const centres = statistics ? centresOf(statistics) : [];
      const wanted = JSON.stringify(centres);
      if (wanted === shown) return false;
      shown = wanted;
      close();
      if (centres.length) open(centres);
      return true;
    },
    /** @param {Mask[]} masks @param {Look} look */
    setMasks(masks, look) {
      drawn = { masks, look };
      all().forEach((panel) => panel.setMasks(masks, look));
    },
    /** @param {Look} look */
    setLook(look) {
      if (drawn) drawn.look = look;
      all().forEach((panel) => panel.setLook(look));
    },
    /** @param {string} id @param {Change} change */
    edited: (id, change) => all().forEach((panel) => panel.edited(id, change)),
    destroy: close,
  };
}
