/** The brush above one slice: strokes drawn with it, taps, and the line that a plane goes through. */
import { PLANES } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES } from '../core/vectors.js';
import { createMarks } from './marks.js';
import { united } from './editor.js';
/** @import { Crosshair, Frame, MeasurablePanel, Vec2, Vec3 } from '../types.js' */
/** @import { Editor } from './editor.js' */
/** @import { Change } from './label-volume.js' */

/**
 * What a layer tells.
 *
 * @typedef {object} LayerEvents
 * @property {(change: Change) => void} painted voxels were changed, and are to be drawn
 * @property {(world: Vec3) => void} tapped with a tool that acts on a place
 * @property {(from: Vec3, to: Vec3) => void} lined with a tool that takes a line
 */
/** @typedef {{editor: Editor, frame: Frame, crosshair: Crosshair, seeds: () => Vec3[]}} Edited */

const PEN_LEAST = 0.35; // of the radius, at no pressure
const ERASER_BUTTON = 32; // of a pen's other end, in PointerEvent.buttons
const BRUSHES = ['brush', 'eraser', 'boundary'];

/** The part of the radius that a pen's pressure gives; a mouse and a finger have none. @param {PointerEvent} event */
const pressed = ({ pointerType, pressure }) => (pointerType === 'pen' ? PEN_LEAST + (1 - PEN_LEAST) * pressure : 1);

export class EditLayer {
  /** @type {{world: Vec3, radius: number}[]} */
  #waiting = [];
  #frameAsked = 0;
  /** @type {?Vec2} */
  #lineFrom = null;
  /** @type {(() => void)[]} */
  #ends;

  /**
   * @param {HTMLElement} element the panel's host
   * @param {MeasurablePanel} panel
   * @param {Edited} edited
   * @param {LayerEvents} on
   */
  constructor(element, panel, edited, on) {
    this.element = element;
    this.panel = panel;
    this.edited = edited;
    this.on = on;
    this.marks = createMarks(element);
    /** @type {?Vec2} */
    this.hovered = null;
    const hover = (/** @type {PointerEvent} */ event) => {
      this.hovered = event.pointerType === 'touch' ? null : this.#at(event);
      this.#showRing();
    };
    const leave = () => {
      this.hovered = null;
      this.#showRing();
    };
    element.addEventListener('pointermove', hover);
    element.addEventListener('pointerleave', leave);
    const show = () => this.#show();
    const stops = [panel.watch(show), edited.editor.onChange(show)];
    this.#ends = [
      () => element.removeEventListener('pointermove', hover),
      () => element.removeEventListener('pointerleave', leave),
      ...stops.map((stop) => () => void stop()),
    ];
  }

  /** @param {Vec2} place px @param {PointerEvent} event */
  begin(place, event) {
    const { editor, frame, crosshair } = this.edited;
    if (!this.#isBrush()) {
      this.#lineFrom = place;
      return;
    }
    const erases = (event.buttons & ERASER_BUTTON) !== 0;
    const slice = worldToIndex(frame, crosshair.world)[this.panel.axis];
    if (editor.begin({ plane: this.panel.plane, slice }, this.panel.toWorld(place), erases)) this.#add(place, event);
  }

  /** @param {Vec2} place px @param {PointerEvent} event */
  move(place, event) {
    const { editor } = this.edited;
    if (this.#lineFrom) {
      if (editor.settings.tool === 'plane') this.marks.line(this.#lineFrom, place);
    } else if (editor.isDrawing) {
      const all = event.getCoalescedEvents?.() ?? [];
      if (all.length) all.forEach((each) => this.#add(this.#at(each), each));
      else this.#add(place, event);
    }
  }

  /** @param {Vec2} place px */
  end(place) {
    this.marks.line(null, null);
    if (!this.#lineFrom) {
      this.#settle();
      this.edited.editor.end();
      return;
    }
    const [from, to] = [this.#lineFrom, place].map((each) => this.panel.toWorld(each));
    this.#lineFrom = null;
    if (this.edited.editor.settings.tool === 'plane') this.on.lined(from, to);
    else this.on.tapped(to);
  }

  cancel() {
    this.marks.line(null, null);
    cancelAnimationFrame(this.#frameAsked);
    [this.#waiting, this.#frameAsked, this.#lineFrom] = [[], 0, null];
    this.edited.editor.cancel();
  }

  destroy() {
    this.#settle();
    this.#ends.forEach((end) => end());
    this.marks.remove();
  }

  #isBrush() {
    return BRUSHES.includes(this.edited.editor.settings.tool);
  }

  /** @param {MouseEvent} event @returns {Vec2} */
  #at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** @param {Vec2} place @param {PointerEvent} event */
  #add(place, event) {
    const { radius } = this.edited.editor.settings;
    this.#waiting.push({ world: this.panel.toWorld(place), radius: radius * pressed(event) });
    this.#frameAsked ||= requestAnimationFrame(() => this.#flush());
  }

  /** Paint what came since the last frame, and draw it; the time that takes can be read as "spineview-dab". */
  #flush() {
    this.#frameAsked = 0;
    const start = performance.now();
    const change = united(this.#waiting.map(({ world, radius }) => this.edited.editor.extend(world, radius)));
    this.#waiting = [];
    if (change) this.on.painted(change);
    performance.clearMeasures('spineview-dab');
    performance.measure('spineview-dab', { start, end: performance.now() });
  }

  /** Draw what waits for a frame. */
  #settle() {
    cancelAnimationFrame(this.#frameAsked);
    if (this.#waiting.length) this.#flush();
    this.#frameAsked = 0;
  }

  #pxPerMm() {
    const { world } = this.edited.crosshair;
    const one = AXES.map((n) => world[n] + (n === PLANES[this.panel.plane].u[0] ? 1 : 0));
    const [a, b] = [this.panel.toScreen(world), this.panel.toScreen(one)];
    return Math.hypot(b[0] - a[0], b[1] - a[1]);
  }

  #showRing() {
    const { radius, tool } = this.edited.editor.settings;
    const at = this.#isBrush() ? this.hovered : null;
    this.marks.ring(at, Math.max(1.5, radius * this.#pxPerMm()), tool === 'eraser');
  }

  #show() {
    this.#showRing();
    const { frame, crosshair, seeds } = this.edited;
    const { axis } = this.panel;
    const near = seeds().filter((seed) => Math.abs(seed[axis] - crosshair.world[axis]) <= 2 * frame.spacing_mm[axis]);
    this.marks.seeds(near.map((seed) => this.panel.toScreen(seed)));
  }
}
