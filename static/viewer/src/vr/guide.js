/** The plan and the tracked tool in a headset: screws with their axes as beams of light, the tool as it is now. */
import { mat4 } from 'gl-matrix';
import { along, directionOf } from '../navigation/guidance.js';
import { GRADES, LIVE, NOT_LIVE, UNKNOWN, actorOf, columnMajor, cylinder, toolActors } from '../navigation/scene.js';
/**
 * @import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js'
 * @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js'
 * @import { Screw } from '../navigation/guidance.js'
 * @import { Tool } from '../navigation/slices.js'
 * @import { Rgb } from '../types.js'
 */

const BEAM_MM = 250; // before the entry, from where the surgeon comes
const BEAM_RADIUS_MM = 0.9;
/** @type {Rgb} */
const BEAM = [1, 0.92, 0.45];

/** A beam along a planned axis, which shines by itself. @param {Screw} screw @param {boolean} isTarget */
function beam(screw, isTarget) {
  const from = along(screw.entry_ras_mm, directionOf(screw), -BEAM_MM);
  const actor = actorOf(cylinder(from, screw.tip_ras_mm, BEAM_RADIUS_MM * (isTarget ? 1.8 : 1)), BEAM);
  actor.getProperty().setLighting(false);
  actor.getProperty().setOpacity(isTarget ? 0.95 : 0.55);
  return actor;
}

/** @param {vtkRenderer} renderer */
export function createGuide(renderer) {
  /** @type {vtkActor[]} */
  let fixed = [];
  const tool = toolActors();
  tool.forEach((actor) => {
    actor.setVisibility(false);
    actor.setUseBounds(false);
    renderer.addActor(actor);
  });
  const placed = mat4.create(); // what hands did to the spine
  /** @type {Tool | null} */
  let now = null;

  function placeTool() {
    if (!now) return;
    const matrix = mat4.multiply(mat4.create(), placed, columnMajor(now.tip, now.axis));
    tool.forEach((actor) => actor.setUserMatrix(matrix));
  }
  return {
    /** @param {Screw[]} screws @param {Screw | null} target */
    set(screws, target) {
      fixed.forEach((actor) => renderer.removeActor(actor));
      fixed = screws.flatMap((screw) => {
        const body = cylinder(screw.entry_ras_mm, screw.tip_ras_mm, screw.diameter_mm / 2);
        return [actorOf(body, GRADES[screw.grade] ?? UNKNOWN), beam(screw, screw === target)];
      });
      fixed.forEach((actor) => {
        actor.setUseBounds(false); // the spine's alone are asked for
        actor.setUserMatrix(placed);
        renderer.addActor(actor);
      });
    },
    /** Grey and faint where it is not so now. @param {Tool | null} next */
    setTool(next) {
      now = next;
      tool.forEach((actor) => {
        actor.setVisibility(Boolean(next));
        actor.getProperty().setColor(...(next?.isLive ? LIVE : NOT_LIVE));
        actor.getProperty().setOpacity(next?.isLive ? 1 : 0.25);
      });
      placeTool();
    },
    /** @param {mat4} matrix of the spine, in the image */
    place(matrix) {
      mat4.copy(placed, matrix);
      fixed.forEach((actor) => actor.setUserMatrix(placed));
      placeTool();
    },
  };
}
