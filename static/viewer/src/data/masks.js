/** Masks of a study as the panels need them: images on the displayed grid, surfaces, colours. */
import { fetchFile, fetchMask, remember } from './fetch.js';
import { gridOf } from './label-bounds.js';
import { smoothMesh, surfaceActor } from '../volume/mesh.js';

/** Colours 0..255 by label to colours 0..1 of the labels present that are not in `hidden`. */
export function unitColours(colours, labels, hidden = []) {
  const seen = labels.filter((label) => colours[label] && !hidden.includes(label));
  return Object.fromEntries(seen.map((label) => [label, colours[label].map((c) => c / 255)]));
}

/** What is chosen of a mask's opacity, label to per cent, as label to 0..1. */
const sharesOf = (mask, { labelOpacity }) =>
  Object.fromEntries(Object.entries(labelOpacity?.[mask.id] ?? {}).map(([label, percent]) => [label, percent / 100]));

const visible = (mask, { colours, hidden }) => unitColours(colours[mask.id] ?? {}, mask.labels, hidden?.[mask.id]);

/**
 * The masks of `grid` that are shown, loaded: [{id, box, grid, colours, single, shares}]; `box` are the labels (see
 * label-bounds.js), `grid` is theirs, `colours` holds the labels seen, `single` whether the mask has no other label than one, `shares` the opacity (0..1) of labels that are not opaque.
 *
 * @param {object} grid display.json
 * @param {{shown, colours, hidden, labelOpacity}} settings of the page, see docs/viewer.md
 */
export function loadMasks(grid, settings) {
  return Promise.all(
    grid.masks
      .filter((mask) => settings.shown.includes(mask.id))
      .map(async (mask) => {
        const box = await fetchMask(grid, mask.url);
        const single = mask.labels.length === 1;
        return { id: mask.id, box, grid: gridOf(grid, box), colours: visible(mask, settings), single, shares: sharesOf(mask, settings) };
      }),
  );
}

const fetchMesh = (url) => remember(url, async () => smoothMesh(await fetchFile(url)));

/**
 * Surfaces of the same labels: fresh vtkActors, one a label. One is read after another: what reading leaves behind is
 * larger than what it makes, and would pile up.
 */
export async function loadSurfaces(grid, settings) {
  const actors = [];
  for (const mask of grid.masks.filter(({ id }) => settings.shown.includes(id)))
    for (const [label, colour] of Object.entries(visible(mask, settings))) {
      const actor = surfaceActor(await fetchMesh(mask.mesh_urls[label]), colour);
      actor.getProperty().setOpacity(sharesOf(mask, settings)[label] ?? 1);
      actors.push(actor);
    }
  return actors;
}
