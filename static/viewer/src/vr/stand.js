/** Where the spine stands in a headset's room: before the wearer, or in the patient's place, held by an anchor. */
import { mat4, vec3 } from 'gl-matrix';
import { axisVector } from '../core/geometry.js';
import { AXES } from '../core/vectors.js';
import { atPatient, before, inMm, place } from './placement.js';
/**
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import { Grid, Numbers, Vec3 } from '../types.js'
 */

const MM_PER_M = 1000;

/** WebXR's objects are not known to the DOM's types. */
export class Stand {
  roomFromImage = mat4.create();
  /** @type {Vec3} middle of the spine, mm of the image */
  middle;
  /** @type {?number} height of the floor, mm of the room */
  #floor = null;
  #anchor = /** @type {any} */ (null);
  #inAnchor = /** @type {?mat4} */ (null);
  #space = /** @type {any} */ (null);
  #floorSpace = /** @type {any} */ (null);
  #isPlaced = false;
  #camera;
  #grid;

  /** @param {vtkCamera} camera @param {Grid} grid @param {Numbers} bounds of the spine, mm */
  constructor(camera, grid, bounds) {
    this.#camera = camera;
    this.#grid = grid;
    this.middle = AXES.map((n) => (bounds[2 * n] + bounds[2 * n + 1]) / 2);
  }

  /** @param {any} session */
  start(session) {
    session.requestReferenceSpace('local').then((/** @type {any} */ found) => (this.#space = found));
    const none = () => {}; // a device that does not know its floor
    session.requestReferenceSpace('local-floor').then((/** @type {any} */ found) => (this.#floorSpace = found), none);
    this.settle(null, null);
  }

  /**
   * In the patient's place where both are known, else before the wearer.
   *
   * @param {?mat4} roomFromTracker
   * @param {?Numbers[]} imageFromTracker
   */
  settle(roomFromTracker, imageFromTracker) {
    this.#isPlaced = Boolean(roomFromTracker && imageFromTracker);
    if (roomFromTracker && imageFromTracker) this.roomFromImage = atPatient(roomFromTracker, imageFromTracker);
    else this.roomFromImage = this.#inFront();
    this.#inAnchor = null;
    place(this.#camera, this.roomFromImage);
  }

  #inFront() {
    return before(this.middle, axisVector(this.#grid, 2), axisVector(this.#grid, 1, -1), this.#floor);
  }

  /** Where a controller's ray begins, mm; null where the headset does not see it. @param {any} event of WebXR */
  touchedAt({ frame, inputSource }) {
    const pose = this.#space && frame.getPose(inputSource.targetRaySpace, this.#space);
    return pose ? inMm(pose.transform.position) : null;
  }

  /** Have the headset keep the place, as its knowledge of the room grows. @param {any} frame */
  keepAt(frame) {
    const [x, y, z] = this.#middleInRoom().map((mm) => mm / MM_PER_M);
    const { XRRigidTransform } = /** @type {any} */ (window);
    const none = () => {}; // a device without anchors
    const keep = (/** @type {any} */ made) => (this.#anchor = made);
    frame.createAnchor?.(new XRRigidTransform({ x, y, z }), this.#space).then(keep, none);
  }

  /** With each frame; gives where the wearer's eyes are, mm, or null. @param {any} frame */
  follow(frame) {
    if (!this.#space) return null;
    if (this.#floor === null) this.#findFloor(frame);
    const held = this.#isPlaced && this.#anchor && frame.getPose(this.#anchor.anchorSpace, this.#space);
    if (held) this.#followAnchor(held.transform.matrix);
    const eyes = frame.getViewerPose(this.#space);
    return eyes ? inMm(eyes.transform.position) : null;
  }

  /** @param {any} frame */
  #findFloor(frame) {
    const pose = this.#floorSpace && frame.getPose(this.#floorSpace, this.#space);
    if (!pose) return;
    this.#floor = inMm(pose.transform.position)[1];
    if (this.#isPlaced) return;
    this.roomFromImage = this.#inFront();
    place(this.#camera, this.roomFromImage);
  }

  /** @param {mat4} matrix of the anchor in the room, metres */
  #followAnchor(matrix) {
    const roomFromAnchor = mat4.clone(matrix);
    AXES.forEach((n) => (roomFromAnchor[12 + n] *= MM_PER_M));
    if (!this.#inAnchor) {
      const back = /** @type {mat4} */ (mat4.invert(mat4.create(), roomFromAnchor));
      this.#inAnchor = mat4.multiply(back, back, this.roomFromImage);
      return;
    }
    this.roomFromImage = mat4.multiply(mat4.create(), roomFromAnchor, this.#inAnchor);
    place(this.#camera, this.roomFromImage);
  }

  #middleInRoom() {
    return AXES.map((n) => vec3.transformMat4(vec3.create(), this.middle, this.roomFromImage)[n]);
  }

  /** Where words stand, so much above the middle of the spine. @param {number} mm @returns {Vec3} */
  above(mm) {
    const [x, y, z] = this.#middleInRoom();
    return [x, y + mm, z];
  }
}
