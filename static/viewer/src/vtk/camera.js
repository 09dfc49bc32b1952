/** The pose of a 3D camera: as numbers, as something that is read like a vtk.js camera, and in front of a box. */
import { AXES, cross, dot, midpoint, minus } from '../core/vectors.js';
/** @import { CameraPose, Numbers, Vec3 } from '../types.js' */

const FILLED = 0.78; // of the view, by what is to fill it: letters and nearness take the rest

/** Position, focal point and up: nine numbers. @param {CameraPose} camera */
export const cameraNumbers = (camera) => [...camera.getPosition(), ...camera.getFocalPoint(), ...camera.getViewUp()];

/**
 * The pose of nine numbers.
 *
 * @param {Numbers} values position, focal point and up
 * @param {number} angle of view, degrees
 * @returns {CameraPose}
 */
export function cameraOf([px, py, pz, fx, fy, fz, ux, uy, uz], angle) {
  return {
    getPosition: () => [px, py, pz],
    getFocalPoint: () => [fx, fy, fz],
    getViewUp: () => [ux, uy, uz],
    getViewAngle: () => angle,
  };
}

/**
 * How far to zoom so that a box fills the view: the factor by which the middle of the view must grow.
 *
 * @param {CameraPose} camera that looks at the box's middle
 * @param {Numbers} bounds low and high along R, A and S, mm
 * @param {number} aspect width of the view by its height
 */
export function zoomToFill(camera, bounds, aspect) {
  const [position, focal, up] = [camera.getPosition(), camera.getFocalPoint(), camera.getViewUp()];
  const back = AXES.map((axis) => position[axis] - focal[axis]);
  const across = cross(up, /** @type {Vec3} */ (back));
  const distance = Math.hypot(...back);
  const half = distance * Math.tan((camera.getViewAngle() * Math.PI) / 360);
  const corners = Array.from({ length: 8 }, (_, n) =>
    AXES.map((axis) => bounds[2 * axis + ((n >> axis) & 1)] - focal[axis]),
  );
  const reach = (/** @type {Numbers} */ along) =>
    Math.max(...corners.map((corner) => Math.abs(dot(corner, along)))) / Math.hypot(...along);
  return Math.min(half / reach(up), (half * aspect) / reach(across)) * FILLED;
}

/**
 * Where `camera` would stand to see a box as large as fits, looking the same way, and no farther away than it is.
 *
 * @param {CameraPose} camera
 * @param {Numbers} low corner of the box, RAS+ mm
 * @param {Numbers} high
 */
export function cameraBefore(camera, low, high) {
  const middle = midpoint(low, high);
  const radius = Math.hypot(...AXES.map((axis) => high[axis] - low[axis])) / 2;
  const [position, focal] = [camera.getPosition(), camera.getFocalPoint()];
  const back = AXES.map((axis) => position[axis] - focal[axis]);
  const angle = camera.getViewAngle();
  const fits = (1.15 * radius) / Math.sin((angle * Math.PI) / 360);
  const scale = Math.min(1, fits / Math.hypot(...back));
  const from = AXES.map((axis) => middle[axis] + scale * back[axis]);
  return cameraOf([...from, ...middle, ...camera.getViewUp()], angle);
}

/** @typedef {{x: number, y: number, depth: number}} Place px from the upper left corner, mm before the camera */

/**
 * Where a camera's picture shows what lies in the patient.
 *
 * @param {CameraPose} camera
 * @param {Numbers} size of the view, px
 */
export function projectorOf(camera, [width, height]) {
  const position = camera.getPosition();
  const ahead = minus(camera.getFocalPoint(), position);
  const forward = unit(ahead);
  const right = unit(cross(forward, camera.getViewUp()));
  const up = cross(right, forward);
  const scale = height / 2 / Math.tan((camera.getViewAngle() * Math.PI) / 360);
  return {
    right,
    up,
    forward,
    scale, // px of what is as large as it is deep
    /** @param {Numbers} world RAS+ mm @returns {Place} */
    place(world) {
      const from = minus(world, position);
      const depth = dot(from, forward);
      const [x, y] = [right, up].map((axis) => (scale * dot(from, axis)) / depth);
      return { x: width / 2 + x, y: height / 2 - y, depth };
    },
  };
}

/** @param {Numbers} v @returns {Vec3} */
function unit(v) {
  const length = Math.hypot(...v) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}
