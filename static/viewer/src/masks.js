/** Masks of a study as the panels need them: images on the displayed grid, surfaces, colours. */
import { fetchFile, fetchMask } from './loading.js';
import { imageOf } from './image.js';
import { surfaceActor } from './mesh.js';

/** Colours 0..255 by label to colours 0..1 of the labels present. */
export function unitColours(colours, labels) {
  return Object.fromEntries(labels.filter((label) => colours[label]).map((label) => [label, colours[label].map((c) => c / 255)]));
}

/** The masks of `display` whose ids are in `shown`, loaded: [{id, image, colours}]. */
export function loadMasks(grid, shown, colours) {
  return Promise.all(
    grid.masks
      .filter((mask) => shown.includes(mask.id))
      .map(async (mask) => ({
        id: mask.id,
        image: imageOf(grid, await fetchMask(grid, mask.url)),
        colours: unitColours(colours[mask.id] ?? {}, mask.labels),
      })),
  );
}

/** Surfaces of the same masks: fresh vtkActors, one a label. */
export async function loadSurfaces(grid, shown, colours) {
  const wanted = grid.masks
    .filter((mask) => shown.includes(mask.id))
    .flatMap((mask) => Object.entries(unitColours(colours[mask.id] ?? {}, mask.labels)).map((entry) => [mask, ...entry]));
  return Promise.all(
    wanted.map(async ([mask, label, colour]) => surfaceActor(await fetchFile(mask.mesh_urls[label]), colour)),
  );
}
