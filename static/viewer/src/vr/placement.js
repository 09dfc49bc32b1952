/**
 * Where the patient's coordinates lie in the headset's room. `roomFromImage` is rigid, 4x4, column-major (gl-matrix):
 * it maps column vectors from RAS+ mm of the image to mm of the room (WebXR's axes: right, up, back).
 */
import { mat4, vec3 } from 'gl-matrix';
import { AXES } from '../core/vectors.js';
/**
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import { Numbers, Vec3 } from '../types.js'
 */

const MM_PER_M = 1000;
const BEFORE_MM = 700; // how far in front of the wearer the spine stands
const BELOW_MM = 100; // and how far below the eyes, where the floor is not known
const ABOVE_FLOOR_MM = 1250;

/**
 * The patient's image where the tracker found the patient.
 *
 * @param {mat4} roomFromTracker
 * @param {Numbers[]} imageFromTracker rows of a 4x4 matrix, rigid, mm
 */
export function atPatient(roomFromTracker, imageFromTracker) {
  const rows = /** @type {any} */ (imageFromTracker.flatMap((row) => [...row]));
  const image = mat4.transpose(mat4.create(), rows); // rows become columns
  const inverse = /** @type {mat4} */ (mat4.invert(mat4.create(), image));
  return mat4.multiply(mat4.create(), roomFromTracker, inverse);
}

/**
 * Upright in front of the wearer, the patient's front towards them.
 *
 * @param {Vec3} middle of what is looked at, mm of the image
 * @param {Vec3} up axis of the patient, in the image
 * @param {Vec3} back the way that the wearer looks, in the image
 * @param {number | null} floor its height in the room, mm; null where it is not known
 */
export function before(middle, up, back, floor) {
  const right = vec3.cross(vec3.create(), back, up);
  const rows = [right, up, AXES.map((n) => -back[n])];
  const matrix = mat4.create();
  rows.forEach((row, r) => AXES.forEach((c) => (matrix[4 * c + r] = row[c])));
  const height = floor === null ? -BELOW_MM : floor + ABOVE_FLOOR_MM;
  const turned = vec3.transformMat4(vec3.create(), middle, matrix);
  [-turned[0], height - turned[1], -BEFORE_MM - turned[2]].forEach((mm, r) => (matrix[12 + r] = mm));
  return matrix;
}

/**
 * Have a camera's physical space, which is the room in metres, hold the image so.
 *
 * @param {vtkCamera} camera
 * @param {mat4} roomFromImage
 */
export function place(camera, roomFromImage) {
  const m = roomFromImage;
  const row = (/** @type {number} */ r) => /** @type {Vec3} */ ([m[r], m[4 + r], m[8 + r]]);
  camera.setPhysicalScale(MM_PER_M);
  camera.setPhysicalViewUp(...row(1));
  camera.setPhysicalViewNorth(...(/** @type {Vec3} */ (row(2).map((x) => -x))));
  const shift = AXES.map((c) => m[4 * c] * m[12] + m[4 * c + 1] * m[13] + m[4 * c + 2] * m[14]);
  camera.setPhysicalTranslation(...(/** @type {Vec3} */ (shift)));
  camera.setClippingRange(0.05 * MM_PER_M, 50 * MM_PER_M);
}

/** A WebXR place in mm. @param {{x: number, y: number, z: number}} position metres @returns {Vec3} */
export const inMm = ({ x, y, z }) => [MM_PER_M * x, MM_PER_M * y, MM_PER_M * z];
