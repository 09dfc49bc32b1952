/** Editing a mask in all panels: brush layers, what is drawn while it is edited, and its draft on the server. */
import { gridOf } from '../data/label-bounds.js';
import { fetchMask } from '../data/fetch.js';
import { Autosave, ask, newDraftId, readDraft } from './autosave.js';
import { EditLayer } from './edit-layer.js';
import { Editor } from './editor.js';
import { createEditedSurfaces } from './surface/edited-surfaces.js';
/**
 * @import { Crosshair, Display, Frame, MaskRecord, Plane, Vec3 } from '../types.js'
 * @import { SlicePanel } from '../slices/slice-panel.js'
 * @import { Draft, SaveState } from './autosave.js'
 * @import { EditableLabel } from './editor.js'
 * @import { EditedMask } from './edited-display.js'
 * @import { Change } from './label-volume.js'
 */

/**
 * An edit that is going on.
 *
 * @typedef {object} Edit
 * @property {Editor} editor
 * @property {string} base address of the mask in the API
 * @property {string} draft address of the draft
 * @property {{state: SaveState, newest: string, problem: string}} saving
 * @property {() => Promise<void>} flush everything to the server now
 * @property {() => boolean} isEmpty whether nothing was changed yet
 * @property {Plane} plane that was worked in last
 * @property {Vec3[]} seeds that were set, of two
 * @property {() => void} forget what was begun with a tool
 */
/**
 * Panels and what they show.
 *
 * @typedef {object} Scene
 * @property {Record<string, HTMLElement>} hosts elements by plane
 * @property {Record<Plane, SlicePanel>} panels
 * @property {Display} grid
 * @property {Frame} frame
 * @property {Int16Array} values HU
 * @property {Crosshair} crosshair
 * @property {{edit: (mask: ?EditedMask) => void, edited: (change: Change) => void, surfacesChanged: () => void}} masks
 */
/**
 * What is to be edited, and how it looks.
 *
 * @typedef {object} Wish
 * @property {MaskRecord} mask
 * @property {string} base address of the mask in the API
 * @property {EditableLabel[]} labels
 * @property {Record<string, number[]>} colours that were chosen, by label
 * @property {boolean} named whether names are written at its labels
 * @property {?Draft} draft to go on with
 */

export class Editing {
  /** @type {?Edit} */
  current = null;
  /** @type {Scene} */
  #scene;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Partial<Record<Plane, EditLayer>>} */
  #layers = {};
  /** @type {(() => void)[]} */
  #ends = [];

  /** @param {Scene} scene */
  constructor(scene) {
    this.#scene = scene;
  }

  /** Call after each change. Returns what ends it. */
  onChange(/** @type {() => void} */ listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a drag with a tool does in a panel; null where nothing is edited, or with no tool. @param {Plane} plane */
  strokeIn(plane) {
    return this.current?.editor.settings.tool ? (this.#layers[plane] ?? null) : null;
  }

  /** Begin to edit a mask. @param {Wish} wish */
  async start({ mask, base, labels, colours, named, draft }) {
    this.stop();
    const { grid, frame, values, masks } = this.#scene;
    const url = `${base}/drafts/${draft?.id ?? newDraftId()}`;
    const kept = draft ? await readDraft(url) : { blocks: [], records: 0 };
    const editor = new Editor({ grid, frame, hu: values }, await fetchMask(grid, mask.url), labels);
    editor.restore(kept.blocks);
    const chosen = editor.labelAt(this.#scene.crosshair.world);
    if (labels.some(({ number }) => number === chosen)) editor.choose({ label: chosen });
    const autosave = new Autosave(url, kept.records, editor.volume, (state, newest, problem) => {
      edit.saving = { state, newest, problem };
      this.#tell();
    });
    /** @type {Edit} */
    const edit = {
      editor,
      base,
      draft: url,
      saving: { state: 'saved', newest: draft?.newest ?? '', problem: '' },
      flush: () => autosave.flush(),
      isEmpty: () => autosave.isEmpty(),
      plane: 'axial',
      seeds: [],
      forget: () => (edit.seeds = []),
    };
    this.current = edit;
    const surfaces = createEditedSurfaces(editor.volume, masks.surfacesChanged);
    const rgb = Object.fromEntries(labels.map((label) => [label.number, colours[label.number] ?? label.rgb]));
    const names = named ? Object.fromEntries(labels.map(({ number, name }) => [number, name])) : {};
    const voxels = () => ({ box: editor.volume.box, grid: gridOf(grid, editor.volume.box) });
    this.#showLayers(edit);
    masks.edit({ id: mask.id, kind: mask.kind, voxels, colours: rgb, names, surfaces });
    if (kept.blocks.length) surfaces.changed(wholeOf(editor));
    this.#follow(edit, autosave, surfaces);
    this.#tell();
  }

  /** End the edit; what was acknowledged stays on the server. */
  stop() {
    if (!this.current) return;
    this.#ends.forEach((end) => end());
    Object.values(this.#layers).forEach((layer) => layer.destroy());
    [this.#layers, this.#ends, this.current] = [{}, [], null];
    this.#scene.masks.edit(null);
    this.#tell();
  }

  destroy() {
    this.stop();
  }

  #tell() {
    this.#listeners.forEach((listener) => listener());
  }

  /**
   * @param {Edit} edit
   * @param {Autosave} autosave
   * @param {ReturnType<typeof createEditedSurfaces>} surfaces
   */
  #follow({ editor }, autosave, surfaces) {
    const stopFollowing = editor.onChange((change) => {
      if (change) {
        this.#scene.masks.edited(change);
        surfaces.changed(change);
        autosave.touch();
      }
      this.#tell();
    });
    const leaving = (/** @type {Event} */ event) => autosave.isSaved() || event.preventDefault();
    window.addEventListener('beforeunload', leaving);
    this.#ends = [
      () => autosave.stop(),
      () => void stopFollowing(),
      surfaces.destroy,
      () => window.removeEventListener('beforeunload', leaving),
    ];
  }

  /** @param {Edit} edit */
  #showLayers(edit) {
    const { panels, hosts, frame, crosshair, masks } = this.#scene;
    const { editor } = edit;
    const all = Object.entries(panels).map(([name, panel]) => {
      const plane = /** @type {Plane} */ (name);
      const on = {
        painted: (/** @type {Change} */ change) => {
          edit.plane = plane;
          masks.edited(change);
        },
        tapped: (/** @type {Vec3} */ world) => tapped(edit, world),
        lined: (/** @type {Vec3} */ from, /** @type {Vec3} */ to) => {
          const { label, other } = editor.settings;
          editor.splitByPlane(plane, from, to, label, other || editor.freeNextTo(label));
        },
      };
      return [plane, new EditLayer(hosts[plane], panel, { editor, frame, crosshair, seeds: () => edit.seeds }, on)];
    });
    this.#layers = Object.fromEntries(all);
  }
}

/** A tool that acts on a place was used there. @param {Edit} edit @param {Vec3} world */
function tapped(edit, world) {
  const { editor } = edit;
  const { tool, other } = editor.settings;
  if (tool === 'island') editor.removeIsland(world);
  if (tool !== 'seeds') return;
  const label = editor.labelAt(world);
  if (!label) return;
  edit.seeds = edit.seeds.length && editor.labelAt(edit.seeds[0]) === label ? [...edit.seeds, world] : [world];
  if (edit.seeds.length === 2) {
    const [one, two] = edit.seeds;
    edit.seeds = [];
    editor.splitBySeeds(one, two, other || editor.freeNextTo(label));
  }
  editor.choose({});
}

/** Everything that an editor holds, as a change. @param {Editor} editor @returns {Change} */
function wholeOf(editor) {
  const { first, shape } = editor.volume.box;
  const labels = new Set(editor.present().map(({ number }) => number));
  return { low: first, high: first.map((at, axis) => at + shape[axis] - 1), labels };
}

/**
 * What the server says of the corrections of a mask.
 *
 * @param {string} base address of the mask
 * @returns {Promise<{drafts: Draft[], labels: EditableLabel[]}>}
 */
export const corrections = async (base) => (await ask(`${base}/drafts`)).json();
