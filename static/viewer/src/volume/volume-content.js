/** What a 3D view draws: the CT as a volume rendering, and the masks as surfaces in it or as colours of it. */
import { WHOLE, boxPlanes, clip, common, withoutTable } from './clip-box.js';
import { SEE_THROUGH, createCtVolume } from './ct-volume.js';
import { presetCopy } from './presets-3d.js';
import { createCaps } from './surface/caps.js';
import { createCoarseSurfaces } from './surface/coarse-surface.js';
/**
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData.js'
 * @import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js'
 * @import { ColourMask, Grid, Mask, Transfer } from '../types.js'
 * @import { Box } from './clip-box.js'
 */

/**
 * Takes surfaces, the mask that colours the CT, and the masks whose surfaces they are: what a box cuts is closed.
 *
 * @typedef {(actors: vtkActor[], mask: ?ColourMask, labelled?: Mask[]) => void} SetMasks
 */

/**
 * The box around several actors: low and high along R, A and S.
 *
 * @param {vtkActor[]} actors at least one
 */
function boundsOf(actors) {
  const all = actors.map((actor) => actor.getBounds());
  const ends = [0, 1, 2, 3, 4, 5].map((n) => {
    const values = all.map((bounds) => bounds[n]);
    return n % 2 ? Math.max(...values) : Math.min(...values);
  });
  return /** @type {[number, number, number, number, number, number]} */ (ends);
}

/** @param {Grid} grid @param {object[]} actors @param {Box} box */
const clipActors = (grid, actors, box) =>
  clip(actors.map((actor) => /** @type {any} */ (actor).getMapper()), boxPlanes(grid, box));

/**
 * @param {vtkRenderer} renderer
 * @param {{grid: Grid, image: vtkImageData, coarse: boolean}} scene `coarse` where no graphics card helps
 * @param {() => void} draw
 */
export function createVolumeContent(renderer, { grid, image: first, coarse }, draw) {
  let image = first;
  let transfer = presetCopy('bone'); // null: the CT is not drawn
  /** @type {vtkActor[]} */
  let surfaces = [];
  /** @type {?ColourMask} */
  let mask = null;
  let style = 'surface';
  let [box, moving] = [WHOLE, false]; // moving: somebody turns the view now
  const [caps, coarseSurfaces] = [createCaps(renderer, grid), createCoarseSurfaces(renderer)];

  const isColoured = () => style === 'colour' && mask !== null;
  function addVolume() {
    const added = createCtVolume(image, isColoured() ? mask : null, { spacing: image.getSpacing(), coarse });
    renderer.addVolume(added.actor);
    return added;
  }
  let volume = addVolume();

  const isVeil = () => surfaces.length > 0 && !isColoured();
  // A processor draws the surfaces alone many times as often as with the CT around them.
  const showVolume = () => volume.actor.setVisibility(transfer !== null && !(coarse && moving && isVeil()));
  const showSurfaces = () => clipActors(grid, coarseSurfaces.show(surfaces, !isColoured(), coarse && moving), box);

  /** Bring what is drawn in line with what is wanted. */
  function show() {
    showVolume();
    showSurfaces();
    if (transfer) volume.paint(transfer, isVeil() ? SEE_THROUGH : 1);
    clipActors(grid, [volume.actor], isVeil() ? common(box, withoutTable(grid, boundsOf(surfaces))) : box);
    caps.show(isColoured() ? WHOLE : box);
    draw();
  }
  /** The same with other textures. */
  function showAnew() {
    renderer.removeVolume(volume.actor);
    volume = addVolume();
    show();
  }
  show();
  /** A setter after which the view is brought in line. @template T @param {(next: T) => unknown} set */
  const changing = (set) => (/** @type {T} */ next) => (set(next), show());

  return {
    /** The bounds of the CT in RAS+ mm. */
    bounds: () => image.getBounds(),
    /** The bounds of the masks' surfaces in RAS+ mm; null where there are none. */
    surfaceBounds: () => (surfaces.length ? boundsOf(surfaces) : null),
    /** The vtkActors of the masks shown, and how the CT is drawn. */
    ...{ surfaces: () => surfaces, transfer: () => transfer },
    /** Null: the CT is not drawn. */
    setTransfer: changing((/** @type {?Transfer} */ next) => (transfer = next)),
    /** Another image of the same CT, and its mask. @param {vtkImageData} next @param {?ColourMask} nextMask */
    setImage(next, nextMask) {
      image = next;
      mask = nextMask;
      showAnew();
    },
    /** Show surfaces, and the mask that colours the CT. @type {SetMasks} */
    setMasks(actors, next, labelled = []) {
      surfaces.forEach((actor) => renderer.removeActor(actor));
      actors.forEach((actor) => renderer.addActor(actor));
      const wasColoured = isColoured();
      [surfaces, mask] = [actors, next];
      caps.setMasks(actors.length ? labelled : []);
      (wasColoured || isColoured() ? showAnew : show)();
    },
    /** Masks as surfaces in the CT, or the CT coloured by them. @param {string} next "bone", "surface" or "colour" */
    setMaskStyle(next) {
      const wasColoured = isColoured();
      style = next;
      if (wasColoured !== isColoured()) showAnew();
    },
    /** Whether somebody turns the view now. */
    setMoving: (/** @type {boolean} */ next) => ((moving = next), showVolume(), showSurfaces()),
    /** Draw only what lies in a box. */
    setClip: changing((/** @type {Box} */ next) => (box = next)),
  };
}
