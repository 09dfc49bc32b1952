/** What is drawn while a mask is edited: its voxels as they are now, and no other version of it. */
import { loadSurfaces, opacitiesOf, unitColours } from '../data/masks.js';
/** @import { Display, DistancePair, LabelBox, Mask, Settings } from '../types.js' */
/** @import { EditedSurfaces } from './surface/edited-surfaces.js' */

/**
 * A mask that is edited.
 *
 * @typedef {object} EditedMask
 * @property {string} id
 * @property {string} kind
 * @property {() => Pick<Mask, 'box' | 'grid'>} voxels as they are now
 * @property {Record<string, number[]>} colours by label, 0 to 255
 * @property {Record<string, string>} names by label; empty for a spine in one piece
 * @property {EditedSurfaces} surfaces
 */
/** @typedef {Settings & {pair?: DistancePair}} Drawn */

export class EditedDisplay {
  /** @type {?EditedMask} */
  mask = null;
  /** The labels as they were drawn last; another object once they have grown. @type {?LabelBox} */
  #drawn = null;

  /**
   * What was chosen, but for the edited mask: it is drawn in place of its kind.
   *
   * @param {Display} display
   * @param {Settings} chosen
   * @returns {Drawn}
   */
  wish(display, chosen) {
    if (!this.mask) return chosen;
    const { id, kind, colours, names } = this.mask;
    const others = display.masks.filter((mask) => mask.kind !== kind).map((mask) => mask.id);
    const shown = [...chosen.shown.filter((each) => others.includes(each)), id];
    const named = { ...chosen.names, [id]: names };
    const surfaceColours = { ...(chosen.surfaceColours ?? chosen.colours), [id]: colours };
    return { ...chosen, shown, colours: { ...chosen.colours, [id]: colours }, surfaceColours, names: named };
  }

  /** A display whose edited mask has all labels that it may get. @param {Display} display @returns {Display} */
  withAllLabels(display) {
    if (!this.mask) return display;
    const { id, colours } = this.mask;
    const labels = Object.keys(colours).map(Number);
    return { ...display, masks: display.masks.map((mask) => (mask.id === id ? { ...mask, labels } : mask)) };
  }

  /** A mask with its voxels as they are now. @param {Mask} mask @returns {Mask} */
  asEdited(mask) {
    return this.mask?.id === mask.id ? { ...mask, ...this.mask.voxels() } : mask;
  }

  /** The same, of masks that are about to be drawn on slices. @param {Mask[]} masks @returns {Mask[]} */
  drawn(masks) {
    this.#drawn = this.mask?.voxels().box ?? null;
    return masks.map((mask) => this.asEdited(mask));
  }

  /** Whether what is drawn is where the voxels are. */
  isInPlace() {
    return this.mask !== null && this.mask.voxels().box === this.#drawn;
  }

  /**
   * The surfaces of the masks shown: those of labels that are being edited from here, the others from the server.
   *
   * @param {Display} display
   * @param {Settings} wish
   */
  async surfaces(display, wish) {
    if (!this.mask) return loadSurfaces(display, wish);
    const { id, surfaces, colours } = this.mask;
    const own = surfaces.labels();
    const masks = display.masks.map((mask) =>
      mask.id === id ? { ...mask, labels: mask.labels.filter((label) => !own.includes(label)) } : mask,
    );
    const kept = await loadSurfaces({ ...display, masks }, wish);
    return [...kept, ...surfaces.actors(unitColours(colours, own, wish.hidden?.[id] ?? []), opacitiesOf(id, wish))];
  }
}
