/** The correction of one mask: its labels, what the tools do to them, undo and redo (no elements, no network). */
import { PLANES, clampIndex } from '../core/geometry.js';
import { worldToIndex } from '../core/patient-frame.js';
import { AXES, cross, minus } from '../core/vectors.js';
import { paint, setOf, voxelMl } from './brush.js';
import { fillBetween } from './fill-between.js';
import { createHistory } from './history.js';
import { LabelVolume } from './label-volume.js';
import { removePiece, resized, smoothed } from './regions.js';
import { divide, inFrontOf, nearerToSecond } from './split.js';
/** @import { Frame, Grid, LabelBox, Numbers, Plane } from '../types.js' */
/** @import { Change } from './label-volume.js' */
/** @import { Delta } from './runs.js' */

/** @typedef {'brush' | 'eraser' | 'boundary' | 'island' | 'seeds' | 'plane' | ''} Tool */
/** @typedef {{number: number, name: string, rgb: number[]}} EditableLabel */
/** @typedef {{grid: Grid, frame: Frame, hu: Int16Array}} Scan HU i fastest */
/**
 * What the tools do.
 *
 * @typedef {object} Settings
 * @property {Tool} tool '' where a drag does what it does without editing
 * @property {number} label that is painted
 * @property {number} radius mm
 * @property {boolean} ball whether the brush is a ball, else a disc in the plane
 * @property {'all' | 'free' | number} over which voxels may change: all, those of no label, or those of one label
 * @property {?[number, number]} hu of voxels that may change; null: any
 * @property {number} other label that a part becomes; 0: the nearest one that is free
 */
/**
 * A stroke that is being drawn.
 *
 * @typedef {object} Drawing
 * @property {Plane} plane
 * @property {number} slice of the frame
 * @property {Numbers} at RAS+ mm, where it has come to
 * @property {boolean} ball
 * @property {number} value
 * @property {Uint8Array} over
 */

export const RADII = { least: 0.5, most: 40 };
const EVERY = new Uint8Array(256).fill(1);

/** The unit vector a plane is looked along. @param {Plane} plane */
const normalOf = (plane) => AXES.map((n) => (n === PLANES[plane].axis ? 1 : 0));

/** One change of several. @param {(?Change)[]} changes @returns {?Change} */
export function united(changes) {
  const found = changes.filter((change) => change !== null);
  if (!found.length) return null;
  return {
    low: AXES.map((n) => Math.min(...found.map((change) => change.low[n]))),
    high: AXES.map((n) => Math.max(...found.map((change) => change.high[n]))),
    labels: new Set(found.flatMap((change) => [...change.labels])),
  };
}

export class Editor {
  #history = createHistory();
  #counts = new Float64Array(256);
  /** Slices that a label was painted on since it was filled, by plane and label. @type {Map<string, Set<number>>} */
  #painted = new Map();
  /** @type {Set<(change: ?Change) => void>} */
  #listeners = new Set();
  /** @type {?Drawing} */
  #stroke = null;
  /** @type {Scan} */
  #scan;
  /** @type {Settings} */
  settings;

  /**
   * @param {Scan} scan
   * @param {LabelBox} start labels of the mask
   * @param {EditableLabel[]} labels that may be written, from head to foot
   */
  constructor(scan, start, labels) {
    this.#scan = scan;
    this.labels = labels;
    this.volume = new LabelVolume(scan.grid, start);
    this.#countAnew();
    const label = (this.present()[0] ?? labels[0]).number;
    this.settings = { tool: 'brush', label, radius: 5, ball: false, over: 'free', hu: null, other: 0 };
  }

  /** @param {Partial<Settings>} next */
  choose(next) {
    this.end();
    this.settings = { ...this.settings, ...next };
    this.#tell(null);
  }

  /** Call after each change: of voxels, or null where only a setting changed. Returns what ends it. */
  onChange(/** @type {(change: ?Change) => void} */ listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many steps can be undone, and done again. */
  get steps() {
    return this.#history.steps;
  }

  /** Volume of a label now, ml. @param {number} label */
  volumeOf(label) {
    return this.#counts[label] * voxelMl(this.#scan.grid);
  }

  /** Labels that occur now, from head to foot. */
  present() {
    return this.labels.filter(({ number }) => this.#counts[number] > 0);
  }

  /** The label at a place; 0 where there is none. @param {Numbers} world */
  labelAt(world) {
    return this.volume.label(this.#voxelAt(world));
  }

  /** The nearest vertebra to a label that does not occur; the label itself where all do. @param {number} label */
  freeNextTo(label) {
    const at = this.labels.findIndex(({ number }) => number === label);
    const free = this.labels.map((_, n) => n).filter((n) => n !== at && !this.#counts[this.labels[n].number]);
    if (!free.length) return label;
    return this.labels[free.reduce((a, b) => (Math.abs(b - at) < Math.abs(a - at) ? b : a))].number;
  }

  /** Whether a stroke is being drawn. */
  get isDrawing() {
    return this.#stroke !== null;
  }

  /**
   * Begin a stroke on a slice.
   *
   * @param {{plane: Plane, slice: number}} where slice of the frame
   * @param {Numbers} world
   * @param {boolean} [erases] whether the pen's other end is used
   */
  begin({ plane, slice }, world, erases = false) {
    this.end();
    const brush = this.#brushAt(world, erases);
    if (!brush) return false;
    this.volume.begin();
    this.#stroke = { plane, slice, at: world, ...brush, ball: this.settings.ball };
    return true;
  }

  /** Draw the stroke on; returns what changed. @param {Numbers} world @param {number} radius mm */
  extend(world, radius) {
    const stroke = this.#stroke;
    if (!stroke) return null;
    if (this.settings.tool === 'boundary') this.#meetNeighbour(stroke, world);
    const piece = { from: stroke.at, to: world, radius, normal: stroke.ball ? null : normalOf(stroke.plane) };
    stroke.at = world;
    return paint(this.volume, this.#scan.hu, piece, { ...stroke, hu: this.settings.hu });
  }

  /** The stroke is done. @returns whether it changed anything */
  end() {
    const stroke = this.#stroke;
    if (!stroke) return false;
    this.#stroke = null;
    if (!stroke.ball) {
      const key = `${stroke.plane} ${stroke.value || this.settings.label}`;
      const slices = this.#painted.get(key) ?? new Set();
      this.#painted.set(key, slices.add(Math.round(stroke.slice * 1000) / 1000));
    }
    return this.#keep();
  }

  /** The stroke was none: two fingers, for instance. */
  cancel() {
    if (!this.#stroke) return;
    this.#stroke = null;
    this.#tell(this.volume.cancel());
  }

  undo() {
    return !this.#stroke && this.#step(this.#history.undo(), 'before');
  }

  redo() {
    return !this.#stroke && this.#step(this.#history.redo(), 'after');
  }

  /** How many slices of a plane wait to be filled between. @param {Plane} plane */
  fillable(plane) {
    return this.#painted.get(`${plane} ${this.settings.label}`)?.size ?? 0;
  }

  /** Fill the label between the slices of a plane on which it was painted. @param {Plane} plane */
  fill(plane) {
    const { label } = this.settings;
    const { hu, frame } = this.#scan;
    const key = `${plane} ${label}`;
    const slices = [...(this.#painted.get(key) ?? [])].sort((a, b) => a - b);
    this.#painted.delete(key);
    return this.#once(() => {
      for (let n = 1; n < slices.length; n += 1)
        fillBetween(this.volume, { hu, frame, plane }, [slices[n - 1], slices[n]], label, this.#rule());
    });
  }

  /** Remove the island at a place. @param {Numbers} world */
  removeIsland(world) {
    return this.#once(() => removePiece(this.volume, this.#scan.hu, this.#voxelAt(world)));
  }

  /** Grow (1) or shrink (-1) the label by a voxel. @param {1 | -1} by */
  resize(by) {
    return this.#once(() => resized(this.volume, this.#scan.hu, this.settings.label, by, this.#rule()));
  }

  smooth() {
    return this.#once(() => smoothed(this.volume, this.#scan.hu, this.settings.label, this.#rule()));
  }

  /** Let the label take in another one. @param {number} other */
  merge(other) {
    return this.#once(() => {
      const { first, shape, values } = this.volume.box;
      this.volume.open(first, first.map((at, axis) => at + shape[axis] - 1));
      for (let at = 0; at < values.length; at += 1) if (values[at] === other) values[at] = this.settings.label;
    });
  }

  /**
   * Split the label at the first of two places between them; the part where the vertebra `next` belongs becomes that.
   *
   * @param {Numbers} one
   * @param {Numbers} two
   * @param {number} next
   */
  splitBySeeds(one, two, next) {
    const [a, b] = [this.#voxelAt(one), this.#voxelAt(two)];
    const label = this.volume.label(a);
    if (!label || this.volume.label(b) !== label || next === label) return false;
    return this.#split(label, next, () => nearerToSecond(this.volume, label, [a, b]));
  }

  /**
   * Split a label by the plane through a line on a slice, at right angles to it.
   *
   * @param {Plane} plane
   * @param {Numbers} from
   * @param {Numbers} to
   * @param {number} label
   * @param {number} next
   */
  splitByPlane(plane, from, to, label, next) {
    const normal = cross(minus(to, from), normalOf(plane));
    if (!label || next === label || Math.hypot(...normal) < 1) return false;
    return this.#split(label, next, () => inFrontOf(this.volume, label, from, normal));
  }

  /** Labels of a draft that was stored before, which no undo takes back. @param {LabelBox[]} blocks */
  restore(blocks) {
    blocks.forEach((block) => this.volume.put(block));
    this.#countAnew();
    this.#history.clear();
    this.#tell(null);
  }

  /** @param {?Change} change */
  #tell(change) {
    this.#listeners.forEach((listener) => listener(change));
  }

  #countAnew() {
    this.#counts.fill(0);
    const { values } = this.volume.box;
    for (let at = 0; at < values.length; at += 1) this.#counts[values[at]] += 1;
  }

  /** @param {Delta} delta @param {1 | -1} way */
  #count({ lengths, before, after }, way) {
    lengths.forEach((length, n) => {
      this.#counts[before[n]] -= way * length;
      this.#counts[after[n]] += way * length;
    });
  }

  /** End the open transaction. @returns whether anything was changed */
  #keep() {
    const kept = this.volume.commit();
    if (kept) {
      this.#history.add(kept.delta);
      this.#count(kept.delta, 1);
    }
    this.#tell(kept?.change ?? null);
    return kept !== null;
  }

  /** @param {() => unknown} act changes labels */
  #once(act) {
    this.end();
    this.volume.begin();
    act();
    return this.#keep();
  }

  /** @param {number} label @param {number} next @param {() => ReturnType<typeof inFrontOf>} part */
  #split(label, next, part) {
    const [there, here] = [next, label].map((each) => this.labels.findIndex(({ number }) => number === each));
    return this.#once(() => divide(this.volume, this.#scan.hu, label, next, there < here, part()));
  }

  /** @param {?Delta} delta @param {'before' | 'after'} state */
  #step(delta, state) {
    if (!delta) return false;
    this.#count(delta, state === 'after' ? 1 : -1);
    this.#tell(this.volume.write(delta, state));
    return true;
  }

  /** Labels that may be written over by `value`. @param {number} value */
  #over(value) {
    const { over, label } = this.settings;
    if (over === 'all') return EVERY;
    if (over === 'free') return setOf([value ? 0 : label]);
    return setOf([over]);
  }

  #rule() {
    const { label, hu } = this.settings;
    return { value: label, over: this.#over(label), hu };
  }

  /** @param {Numbers} world */
  #voxelAt(world) {
    return clampIndex(this.#scan.grid, worldToIndex(this.#scan.grid, world));
  }

  /** What the brush does where a stroke begins. @param {Numbers} world @param {boolean} erases */
  #brushAt(world, erases) {
    const { tool, label } = this.settings;
    if (tool === 'boundary') {
      const own = this.labelAt(world);
      return own ? { value: own, over: new Uint8Array(256) } : null;
    }
    const value = erases || tool === 'eraser' ? 0 : label;
    return { value, over: this.#over(value) };
  }

  /** A boundary moves between two: the second is the first other label that the brush meets. @param {Drawing} stroke */
  #meetNeighbour({ value, over }, /** @type {Numbers} */ world) {
    const other = over.includes(1) ? 0 : this.labelAt(world);
    if (other && other !== value) over[other] = 1;
  }
}
