/** What closes the surfaces of masks where a clipping box cuts them: one flat face a label and side of the box. */
import { boxPlanes, clip } from '../clip-box.js';
import { polyDataOf, surfaceActor } from '../surfaces.js';
import { cutFaces } from './cut-faces.js';
/**
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js'
 * @import { Grid, Mask, Rgb } from '../../types.js'
 * @import { Box, Side } from '../clip-box.js'
 */

/** @param {Side} side */
const keyOf = ({ axis, towards, origin }) => `${axis} ${towards} ${origin}`;

/** A cut lies as deep in the bone as can be: a little darker than its surface. @param {Rgb} rgb @returns {Rgb} */
const ofCut = (rgb) => rgb.map((part) => 0.85 * part);

/**
 * @param {vtkRenderer} renderer
 * @param {Grid} grid of the scan, which the box lies along
 */
export function createCaps(renderer, grid) {
  /** The actors of each side of the box, by its place and side. @type {Map<string, vtkActor[]>} */
  let sides = new Map();
  /** @type {Mask[]} */
  let masks = [];

  /** @param {Side} side */
  function closing({ axis, origin, towards }) {
    const actors = masks.flatMap((mask) =>
      cutFaces(mask, axis, origin, towards).map(({ label, mesh }) => {
        const actor = surfaceActor(polyDataOf(mesh), ofCut((mask.colours3d ?? mask.colours)[label]));
        actor.getProperty().setOpacity(mask.shares[label] ?? 1);
        return actor;
      }),
    );
    actors.forEach((actor) => renderer.addActor(actor));
    return actors;
  }
  /** @param {vtkActor[]} actors */
  const remove = (actors) => actors.forEach((actor) => renderer.removeActor(actor));

  return {
    /** Other masks, or the same changed: nothing is closed until the next `show`. @param {Mask[]} next */
    setMasks(next) {
      masks = next;
      sides.forEach(remove);
      sides = new Map();
    },
    /** Close what a box cuts. @param {Box} box */
    show(box) {
      const planes = boxPlanes(grid, box);
      const before = sides;
      sides = new Map();
      for (const plane of planes) sides.set(keyOf(plane), before.get(keyOf(plane)) ?? closing(plane));
      before.forEach((actors, key) => sides.has(key) || remove(actors));
      // The other sides of the box cut a face, its own does not.
      [...sides.values()].forEach((actors, n) => {
        const others = planes.filter((_, other) => other !== n);
        clip(actors.map((actor) => /** @type {any} */ (actor).getMapper()), others);
      });
    },
  };
}
