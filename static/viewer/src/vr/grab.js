/**
 * What hands do to what they hold: one moves and turns it, two also scale it. All matrices are 4x4, column-major
 * (gl-matrix), in one space.
 */
import { mat4, quat, vec3 } from 'gl-matrix';
/** @import { Vec3 } from '../types.js' */

/** @typedef {{position: Vec3, orientation: [number, number, number, number]}} Pose a quaternion x, y, z, w */

const LARGEST = 8; // times the size at the start
const SMALLEST = 1 / 8;

/** @param {Pose} pose */
const poseOf = ({ position, orientation }) => mat4.fromRotationTranslation(mat4.create(), orientation, position);

/** Between two hands: in their middle, along their line, as large as their distance. @param {Pose} a @param {Pose} b */
function frameOf(a, b) {
  const along = vec3.subtract(vec3.create(), b.position, a.position);
  const distance = vec3.length(along) || 1e-6;
  const turn = quat.rotationTo(quat.create(), [1, 0, 0], vec3.scale(vec3.create(), along, 1 / distance));
  const middle = vec3.lerp(vec3.create(), a.position, b.position, 0.5);
  return mat4.fromRotationTranslationScale(mat4.create(), turn, middle, [distance, distance, distance]);
}

/** @param {Pose[]} hands one or two */
const held = (hands) => (hands.length === 1 ? poseOf(hands[0]) : frameOf(hands[0], hands[1]));
/** @param {mat4} matrix */
const scaleOf = (matrix) => Math.cbrt(Math.abs(mat4.determinant(matrix)));

/** Something that hands can hold; `matrix` is where it is. */
export function createGrab() {
  /** @type {Map<string, Pose>} */
  const hands = new Map();
  const matrix = mat4.create();
  let atStart = mat4.create(); // the inverse of how it was held, times where it was

  function take() {
    if (!hands.size) return;
    const inverse = mat4.invert(mat4.create(), held([...hands.values()]));
    if (inverse) atStart = mat4.multiply(mat4.create(), inverse, matrix);
  }

  return {
    matrix,
    /** A hand takes hold. @param {string} name @param {Pose} pose */
    press(name, pose) {
      hands.set(name, pose);
      take();
    },
    /** A hand moves; whether what it holds did. @param {string} name @param {Pose} pose */
    move(name, pose) {
      if (!hands.has(name)) return false;
      hands.set(name, pose);
      const next = mat4.multiply(mat4.create(), held([...hands.values()]), atStart);
      const scale = scaleOf(next);
      if (scale < SMALLEST || scale > LARGEST) return false;
      mat4.copy(matrix, next);
      return true;
    },
    /** @param {string} name */
    release(name) {
      hands.delete(name);
      take();
    },
  };
}
