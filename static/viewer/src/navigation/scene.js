/** Plan and touched points in 3D, and the tool as a headset shows it. */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkAppendPolyData from '@kitware/vtk.js/Filters/General/AppendPolyData.js';
import vtkCylinderSource from '@kitware/vtk.js/Filters/Sources/CylinderSource.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkSphereSource from '@kitware/vtk.js/Filters/Sources/SphereSource.js';
import { along } from './guidance.js';
import { paced } from './pacing.js';
/**
 * @import { Numbers, Rgb, Vec3 } from '../types.js'
 * @import { Drawing } from './slices.js'
 */

/** @type {Record<string, Rgb>} */
export const GRADES = {
  A: [0.35, 0.85, 0.55], B: [0.95, 0.8, 0.3], C: [0.98, 0.55, 0.2], D: [0.95, 0.3, 0.25], E: [0.8, 0.1, 0.2],
};
/** @type {Rgb} */
export const UNKNOWN = [0.8, 0.8, 0.8]; // while a moved screw is checked
/** @type {Rgb} */
export const LIVE = [0.2, 0.85, 1];
/** @type {Rgb} */
export const NOT_LIVE = [0.5, 0.5, 0.5];
/** @type {[Rgb, (mm: number) => boolean][]} */
const RESIDUALS = [
  [[0.3, 0.5, 1], (mm) => mm < -0.7],
  [[0.9, 0.9, 0.9], (mm) => Math.abs(mm) <= 0.7],
  [[1, 0.3, 0.25], (mm) => mm > 0.7],
];
const SHAFT_MM = 120;

/** @param {object} data vtkPolyData @param {Rgb} colour */
export function actorOf(data, colour) {
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(data);
  const actor = vtkActor.newInstance();
  actor.setMapper(mapper);
  actor.getProperty().setColor(...colour);
  actor.setPickable(false);
  return actor;
}

/** @param {Numbers} from @param {Numbers} to @param {number} radius */
export function cylinder(from, to, radius) {
  const way = /** @type {Vec3} */ ([0, 1, 2].map((n) => to[n] - from[n]));
  const center = /** @type {Vec3} */ ([0, 1, 2].map((n) => (from[n] + to[n]) / 2));
  const height = Math.hypot(...way);
  const source = vtkCylinderSource.newInstance({ center, height, radius, resolution: 20, direction: way });
  return source.getOutputData();
}

/** @param {{place: Numbers}[]} points @param {number} radius */
function spheres(points, radius) {
  const all = vtkAppendPolyData.newInstance();
  points.forEach(({ place }, n) => {
    const center = /** @type {Vec3} */ ([...place]);
    const ball = vtkSphereSource.newInstance({ center, radius, thetaResolution: 8, phiResolution: 8 });
    if (n) all.addInputData(ball.getOutputData());
    else all.setInputData(ball.getOutputData());
  });
  return all.getOutputData();
}

/** The tool along z, its tip at the origin; each pose only moves it. */
export const toolActors = () => [
  actorOf(cylinder([0, 0, -SHAFT_MM], [0, 0, -2], 1.6), LIVE),
  actorOf(cylinder([0, 0, 0], [0, 0, 60], 0.35), LIVE),
  actorOf(spheres([{ place: [0, 0, 0] }], 2.2), LIVE),
];

/**
 * @typedef {object} Panel
 * @property {(actors: vtkActor[]) => void} addActors
 * @property {(actors: vtkActor[]) => void} removeActors
 * @property {() => void} draw
 */

/** @param {Panel} panel */
export function createNavigationScene(panel) {
  /** @type {vtkActor[]} */
  let fixed = [];
  const rebuild = paced(build, 0.2); // while a screw is dragged

  /** @param {Pick<Drawing, 'screws' | 'target' | 'residuals'>} drawing */
  function build({ screws, target, residuals }) {
    panel.removeActors(fixed);
    fixed = screws.map((screw) => {
      const body = cylinder(screw.entry_ras_mm, screw.tip_ras_mm, screw.diameter_mm / 2);
      const actor = actorOf(body, GRADES[screw.grade] ?? UNKNOWN);
      if (screw === target) actor.getProperty().setAmbient(0.5);
      return actor;
    });
    RESIDUALS.forEach(([colour, isOf]) => {
      const some = residuals.filter(({ mm }) => isOf(mm));
      if (some.length) fixed.push(actorOf(spheres(some, 0.9), colour));
    });
    panel.addActors(fixed);
    panel.draw();
  }

  return {
    /** @param {Drawing} drawing */
    set: (drawing) => rebuild.call(drawing),
    destroy() {
      rebuild.stop();
      panel.removeActors(fixed);
      panel.draw();
    },
  };
}

/**
 * The motion that brings the origin to `tip` and z onto `axis`: sixteen numbers, column by column, as vtk.js wants.
 *
 * @param {Numbers} tip
 * @param {Numbers} axis unit vector
 * @returns {any} mat4 of gl-matrix
 */
export function columnMajor(tip, axis) {
  const other = Math.abs(axis[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0];
  const share = other[0] * axis[0] + other[1] * axis[1];
  const x = along(other, axis, -share);
  const length = Math.hypot(...x);
  const [a, b, c] = [x[0] / length, x[1] / length, x[2] / length];
  const y = [axis[1] * c - axis[2] * b, axis[2] * a - axis[0] * c, axis[0] * b - axis[1] * a];
  return [a, b, c, 0, ...y, 0, ...axis, 0, ...tip, 1];
}
