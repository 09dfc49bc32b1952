/** The pose of a 3D camera: as numbers, as something that is read like a vtk.js camera, and in front of a box. */
import { AXES, midpoint } from '../core/vectors.js';
/** @import { CameraPose, Numbers, Vec3 } from '../types.js' */

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
 * Where `camera` would stand to see a box as large as fits, looking the same way.
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
  const distance = (1.15 * radius) / Math.sin((angle * Math.PI) / 360);
  const scale = distance / Math.hypot(...back);
  const from = AXES.map((axis) => middle[axis] + scale * back[axis]);
  return cameraOf([...from, ...middle, ...camera.getViewUp()], angle);
}
