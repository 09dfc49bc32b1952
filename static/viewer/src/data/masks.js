/** Masks of a study as the panels need them: labels on the displayed grid, surfaces, colours. */
import { fetchFile, fetchMask, remember } from './fetch.js';
import { gridOf } from './label-bounds.js';
import { createShade } from '../volume/surface/surface-shade.js';
import { parseIndexedMesh, polyDataOf, surfaceActor } from '../volume/surfaces.js';
/** @import { Colours, Display, Mask, MaskRecord, MaskSettings, Opacities, Rgb } from '../types.js' */

/**
 * The colours (0 to 1) of the labels present that are not in `hidden`.
 *
 * @param {Record<string, number[]>} colours by label, 0 to 255
 * @param {number[]} labels
 * @param {number[]} hidden
 * @returns {Colours}
 */
export function unitColours(colours, labels, hidden = []) {
  const seen = labels.filter((label) => colours[label] && !hidden.includes(label));
  return Object.fromEntries(
    seen.map((label) => [label, /** @type {Rgb} */ (colours[label].map((part) => part / 255))]),
  );
}

/**
 * Opacities by label, 0 to 1, of a mask's labels that are not opaque.
 *
 * @param {string} id of the mask
 * @param {MaskSettings} settings
 * @returns {Opacities}
 */
export const opacitiesOf = (id, { labelOpacity }) =>
  Object.fromEntries(Object.entries(labelOpacity?.[id] ?? {}).map(([label, percent]) => [label, percent / 100]));

/** @param {MaskRecord} mask @param {MaskSettings} settings */
const visible = (mask, { colours, hidden }) =>
  unitColours(colours[mask.id] ?? {}, mask.labels, hidden?.[mask.id]);

/** What was chosen, with the colours of the surfaces in 3D. @param {MaskSettings} settings @returns {MaskSettings} */
const in3d = (settings) => ({ ...settings, colours: settings.surfaceColours ?? settings.colours });

/**
 * The masks that are shown, loaded.
 *
 * @param {Display} display
 * @param {MaskSettings} settings of the page
 * @returns {Promise<Mask[]>}
 */
export function loadMasks(display, settings) {
  const shown = display.masks.filter((mask) => settings.shown.includes(mask.id));
  return Promise.all(
    shown.map(async (mask) => {
      const box = await fetchMask(display, mask.url);
      return {
        id: mask.id,
        box,
        grid: gridOf(display, box),
        colours: visible(mask, settings),
        colours3d: visible(mask, in3d(settings)),
        names: settings.names?.[mask.id] ?? {},
        shares: opacitiesOf(mask.id, settings),
      };
    }),
  );
}

/** What shades the surfaces of a mask. @param {Display} display @param {MaskRecord} mask */
const shadeOf = (display, mask) =>
  remember(`${mask.url}#shade`, async () => {
    const box = await fetchMask(display, mask.url);
    return createShade(box, gridOf(display, box));
  });

/**
 * The surface of a label, with the shades of its points.
 *
 * @param {Display} display
 * @param {MaskRecord} mask
 * @param {string} label
 */
const fetchMesh = (display, mask, label) =>
  remember(mask.indexed_mesh_urls[label], async () => {
    const shade = await shadeOf(display, mask);
    return polyDataOf(parseIndexedMesh(await fetchFile(mask.indexed_mesh_urls[label])), 'shade', shade);
  });

/**
 * Surfaces of the same labels: fresh vtkActors, one a label. One is read after another: what reading leaves behind is
 * larger than what it makes, and would pile up.
 *
 * @param {Display} display
 * @param {MaskSettings} settings of the page
 */
export async function loadSurfaces(display, settings) {
  const actors = [];
  for (const mask of display.masks.filter(({ id }) => settings.shown.includes(id)))
    for (const [label, colour] of Object.entries(visible(mask, in3d(settings)))) {
      const actor = surfaceActor(await fetchMesh(display, mask, label), colour);
      actor.getProperty().setOpacity(opacitiesOf(mask.id, settings)[label] ?? 1);
      actors.push(actor);
    }
  return actors;
}
