/** Looking at a patient from the six sides, and telling which side one looks from. */
import { SIDE_LETTERS, axisVector, indexToWorld } from '../core/geometry.js';
import { cross } from '../core/vectors.js';
/**
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import { Grid, Numbers, Vec2, Vec3 } from '../types.js'
 */

/** @typedef {'A' | 'P' | 'L' | 'R' | 'S' | 'I'} Side */
/** @typedef {Pick<vtkCamera, 'setFocalPoint' | 'setPosition' | 'setViewUp'>} Movable */

const FAR_MM = 600; // from which the renderer's resetCamera brings a camera near

/**
 * Letter of the side looked from: [axis, sign] of the direction to the viewer, and of up on the screen.
 *
 * @type {Record<Side, {from: Vec2, up: Vec2}>}
 */
export const SIDES = {
  A: { from: [1, 1], up: [2, 1] },
  P: { from: [1, -1], up: [2, 1] },
  L: { from: [0, -1], up: [2, 1] },
  R: { from: [0, 1], up: [2, 1] },
  S: { from: [2, 1], up: [1, 1] },
  I: { from: [2, -1], up: [1, 1] },
};

/** The letter of the patient's side that a RAS+ vector points to most. @param {Numbers} v */
function letterOf(v) {
  const axis = [0, 1, 2].reduce((a, b) => (Math.abs(v[b]) > Math.abs(v[a]) ? b : a));
  return SIDE_LETTERS[axis][v[axis] < 0 ? 1 : 0];
}

/**
 * Letters at the edges of the screen.
 *
 * @param {Numbers} direction of view, a RAS+ unit vector
 * @param {Numbers} up
 */
export function edgeLetters(direction, up) {
  const right = cross(direction, up);
  const back = (/** @type {Numbers} */ v) => v.map((x) => -x);
  return { left: letterOf(back(right)), right: letterOf(right), top: letterOf(up), bottom: letterOf(back(up)) };
}

/** @param {Grid} grid */
const middleOf = (grid) => indexToWorld(grid, grid.shape.map((n) => (n - 1) / 2));

/**
 * Look at the middle of `grid` from far away.
 *
 * @param {Movable} camera
 * @param {Grid} grid
 * @param {Vec3} towards the viewer, RAS+
 * @param {Vec3} up
 */
function lookAlong(camera, grid, towards, up) {
  const middle = middleOf(grid);
  camera.setFocalPoint(...middle);
  camera.setPosition(...middle.map((x, n) => x + FAR_MM * towards[n]));
  camera.setViewUp(...up);
}

/**
 * Look from one of the SIDES.
 *
 * @param {Movable} camera
 * @param {Grid} grid
 * @param {Side} side
 */
export function lookFrom(camera, grid, side) {
  const { from, up } = SIDES[side];
  lookAlong(camera, grid, axisVector(grid, ...from), axisVector(grid, ...up));
}

/**
 * Look from the front, a little from the patient's left and from above, as textbooks show a spine.
 *
 * @param {Movable} camera
 * @param {Grid} grid
 */
export function lookAnteroposterior(camera, grid) {
  const [anterior, left, superior] = [axisVector(grid, 1), axisVector(grid, 0, -1), axisVector(grid, 2)];
  lookAlong(camera, grid, anterior.map((x, n) => x + 0.55 * left[n] + 0.2 * superior[n]), superior);
}
