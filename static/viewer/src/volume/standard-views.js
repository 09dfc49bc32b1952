/** Looking at a patient from the six sides, and telling which side one looks from. */
import { axisVector, indexToWorld } from '../core/geometry.js';

/** Letter of the side looked from: [axis, sign] of the direction to the viewer, and of up on the screen. */
export const SIDES = {
  A: { from: [1, 1], up: [2, 1] },
  P: { from: [1, -1], up: [2, 1] },
  L: { from: [0, -1], up: [2, 1] },
  R: { from: [0, 1], up: [2, 1] },
  S: { from: [2, 1], up: [1, 1] },
  I: { from: [2, -1], up: [1, 1] },
};

const LETTERS = [['R', 'L'], ['A', 'P'], ['S', 'I']];

/** The letter of the patient's side that RAS+ vector `v` points to most. */
export function letterOf(v) {
  const axis = [0, 1, 2].reduce((a, b) => (Math.abs(v[b]) > Math.abs(v[a]) ? b : a));
  return LETTERS[axis][v[axis] < 0 ? 1 : 0];
}

/** Letters at the edges of the screen: { left, right, top, bottom } of a view with these RAS+ unit vectors. */
export function edgeLetters(direction, up) {
  const right = [
    direction[1] * up[2] - direction[2] * up[1],
    direction[2] * up[0] - direction[0] * up[2],
    direction[0] * up[1] - direction[1] * up[0],
  ];
  const back = (v) => v.map((x) => -x);
  return { left: letterOf(back(right)), right: letterOf(right), top: letterOf(up), bottom: letterOf(back(up)) };
}

export const middleOf = (grid) => indexToWorld(grid, grid.shape.map((n) => (n - 1) / 2));

/** Put `camera` before one of the SIDES of `grid`, far away; the renderer's resetCamera brings it near. */
export function lookFrom(camera, grid, side) {
  const { from, up } = SIDES[side];
  const towards = axisVector(grid, ...from);
  const middle = middleOf(grid);
  camera.setFocalPoint(...middle);
  camera.setPosition(...middle.map((x, n) => x + 600 * towards[n]));
  camera.setViewUp(...axisVector(grid, ...up));
}

/** From the front, a little from the patient's left and from above: what a book shows. */
export function lookLikeABook(camera, grid) {
  const middle = middleOf(grid);
  const [anterior, left, superior] = [axisVector(grid, 1), axisVector(grid, 0, -1), axisVector(grid, 2)];
  camera.setFocalPoint(...middle);
  camera.setPosition(...middle.map((x, n) => x + 600 * (anterior[n] + 0.55 * left[n] + 0.2 * superior[n])));
  camera.setViewUp(...superior);
}
