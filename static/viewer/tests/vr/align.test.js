import { mat4, vec3 } from 'gl-matrix';
import { describe, expect, it } from 'vitest';
import { createAlignment, pairedFit, spreadOf } from '../../src/vr/align.js';
import { atPatient, before, place } from '../../src/vr/placement.js';

/** @typedef {[number, number, number]} Place */
/** @type {Place[]} */
const TOUCHED = [[0, 0, 0], [120, 0, 10], [20, 140, 0], [60, 50, 90], [-40, 30, 60]];
const axis = vec3.normalize(vec3.create(), [0.3, -0.8, 0.5]);
const motion = mat4.fromTranslation(mat4.create(), [200, -1300, 450]);
mat4.rotate(motion, motion, 2.4, axis);
/** @param {Place} at @param {mat4} by */
const moved = (at, by = motion) => [...vec3.transformMat4(vec3.create(), at, by)];

describe('the fit of paired places', () => {
  it('finds any rigid motion, half turns too', () => {
    for (const turn of [0, 0.1, Math.PI / 2, Math.PI - 1e-3, Math.PI, 5]) {
      const by = mat4.rotate(mat4.create(), motion, turn, [0, 0, 1]);
      const { matrix, rms } = pairedFit(TOUCHED, TOUCHED.map((at) => moved(at, by)));
      expect(rms).toBeLessThan(1e-2);
      const [found, wanted] = [matrix, by].map((each) => moved([7, -300, 90], each));
      found.forEach((mm, n) => expect(Math.abs(mm - wanted[n])).toBeLessThan(0.1));
    }
  });
  it('is never a reflection', () => {
    const { matrix, rms } = pairedFit(TOUCHED, TOUCHED.map(([x, y, z]) => [-x, y, z]));
    expect(mat4.determinant(matrix)).toBeCloseTo(1, 4);
    expect(rms).toBeGreaterThan(20);
  });
});

describe('touches', () => {
  it('align the room once there are four that fit', () => {
    const alignment = createAlignment();
    const found = TOUCHED.slice(0, 4).map((at) => alignment.add(moved(at), at));
    expect(found.map(({ state }) => state)).toEqual(['more', 'more', 'more', 'done']);
    expect(found[3].rms).toBeLessThan(0.1);
  });
  it('of which one is wrong are all forgotten', () => {
    const alignment = createAlignment();
    const wrong = TOUCHED.slice(0, 4).map((at, n) => alignment.add(n ? moved(at) : [0, 0, 0], at));
    expect(wrong[3]).toMatchObject({ state: 'off', roomFromTracker: null });
    expect(alignment.count).toBe(0);
  });
  it('on one line say nothing of the turn about it, and one beside it does', () => {
    const alignment = createAlignment();
    const line = [0, 50, 100, 150].map((x) => /** @type {Place} */ ([x, x / 10, 0]));
    const found = line.map((at) => alignment.add(moved(at), at));
    expect(found[3].state).toBe('line');
    expect(alignment.add(moved([80, 100, 0]), [80, 100, 0]).state).toBe('done');
  });
  it('spread is measured across their longest line', () => {
    expect(spreadOf([[0, 0, 0], [100, 0, 0], [50, 0, 60]])).toBeCloseTo(60);
    expect(spreadOf([[1, 2, 3], [1, 2, 3]])).toBe(0);
  });
});

describe('the place of the patient', () => {
  const roomFromTracker = mat4.fromTranslation(mat4.create(), [0, 1000, -500]);
  const imageFromTracker = [[0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]];
  it('is where the registration says, seen from the tracker', () => {
    // The tracker's (5, 6, 7) is (-6 + 10, 5 + 20, 7 + 30) in the image, and (5, 1006, -493) in the room.
    const matrix = atPatient(roomFromTracker, imageFromTracker);
    const [x, y, z] = moved([4, 25, 37], matrix);
    expect([x, y, z].map((mm) => Math.round(mm * 100) / 100)).toEqual([5, 1006, -493]);
  });
  it('before the wearer, the patient is upright and looks at them', () => {
    const matrix = before([100, 200, 300], [0, 0, 1], [0, -1, 0], null);
    expect(moved([100, 200, 300], matrix).map(Math.round)).toEqual([0, -100, -700]);
    expect(moved([100, 200, 310], matrix).map(Math.round)).toEqual([0, -90, -700]); // superior is up
    expect(moved([100, 210, 300], matrix).map(Math.round)).toEqual([0, -100, -690]); // anterior is nearer
    expect(moved([110, 200, 300], matrix).map(Math.round)).toEqual([-10, -100, -700]); // right is on the left
    expect(moved([100, 200, 300], before([100, 200, 300], [0, 0, 1], [0, -1, 0], -1600)).map(Math.round)[1]).toBe(-350);
  });
  it("becomes the camera's physical space", () => {
    /** @type {Record<string, number[]>} */
    const got = {};
    const take = (/** @type {string} */ name) => (/** @type {number[]} */ ...values) => (got[name] = values);
    const camera = /** @type {any} */ ({
      setPhysicalScale: take('scale'), setPhysicalViewUp: take('up'), setPhysicalViewNorth: take('north'),
      setPhysicalTranslation: take('shift'), setClippingRange: take('range'),
    });
    place(camera, motion);
    // vtk.js: turn (image + shift) by the rows right, up and -north, in metres.
    const right = vec3.cross(vec3.create(), /** @type {Place} */ (got.north), /** @type {Place} */ (got.up));
    const image = [11, -22, 33].map((x, n) => x + got.shift[n]);
    const rows = [[...right], got.up, got.north.map((x) => -x)];
    const room = rows.map((row) => row.reduce((sum, x, n) => sum + x * image[n], 0));
    moved([11, -22, 33]).forEach((mm, n) => expect(room[n]).toBeCloseTo(mm, 2));
    expect(got.scale).toEqual([1000]);
  });
});
