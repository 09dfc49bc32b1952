/** Masks of a study as the panels need them: images on the displayed grid, surfaces, colours. */
import { fetchFile, fetchMask } from './loading.js';
import { gridOf } from './label-box.js';
import { surfaceActor } from './mesh.js';

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
 * label-box.js), `grid` is theirs, `colours` holds the labels seen, `single` whether the mask has no other label than one, `shares` the opacity (0..1) of labels that are not opaque.
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

/** Surfaces of the same labels: fresh vtkActors, one a label. */
export async function loadSurfaces(grid, settings) {
  const wanted = grid.masks
    .filter((mask) => settings.shown.includes(mask.id))
    .flatMap((mask) => Object.entries(visible(mask, settings)).map((entry) => [mask, ...entry]));
  return Promise.all(
    wanted.map(async ([mask, label, colour]) => {
      const actor = surfaceActor(await fetchFile(mask.mesh_urls[label]), colour);
      actor.getProperty().setOpacity(sharesOf(mask, settings)[label] ?? 1);
      return actor;
    }),
  );
}
