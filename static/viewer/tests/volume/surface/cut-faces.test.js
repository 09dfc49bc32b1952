import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';
import { describe, expect, it } from 'vitest';
import { indexToWorld } from '../../../src/core/geometry.js';
import { AXES, cross, dot, minus } from '../../../src/core/vectors.js';
import { boxPlanes } from '../../../src/volume/clip-box.js';
import { createCaps } from '../../../src/volume/surface/caps.js';
import { cutFaces } from '../../../src/volume/surface/cut-faces.js';

const [c, s] = [Math.cos(0.2), Math.sin(0.2)];
const direction = [[c, -s, 0], [s, c, 0], [0, 0, 1]];
const FIRST = [4, 6, 8];
const SHAPE = [20, 20, 20];
const whole = { shape: [40, 40, 40], spacing_mm: [1, 1, 1.5], origin_mm: [-10, 5, 20], direction };
const grid = { ...whole, shape: SHAPE, origin_mm: indexToWorld(whole, FIRST) };
const COLOURS = { 20: [1, 0.5, 0], 21: [0, 0.5, 1] };

/** A tube along k: label 20 in the lower half, 21 above it, around a canal. */
function mask(/** @type {Record<string, number[]>} */ colours = COLOURS) {
  const values = new Uint8Array(20 ** 3);
  for (let k = 0; k < 20; k += 1)
    for (let j = 2; j < 18; j += 1)
      for (let i = 2; i < 18; i += 1) {
        const isCanal = i >= 8 && i < 12 && j >= 8 && j < 12;
        if (!isCanal) values[i + 20 * (j + 20 * k)] = k < 10 ? 20 : 21;
      }
  return /** @type {any} */ ({ box: { first: FIRST, shape: SHAPE, values }, grid, colours, shares: {} });
}

/** @param {import('../../../src/volume/surfaces.js').IndexedMesh} mesh */
function trianglesOf({ points, corner }) {
  const at = (/** @type {number} */ n) => [...points.slice(3 * corner[n], 3 * corner[n] + 3)];
  return Array.from({ length: corner.length / 3 }, (_, t) => [at(3 * t), at(3 * t + 1), at(3 * t + 2)]);
}
/** Area and normal of a triangle, as one vector. @param {number[][]} triangle */
const areaVector = ([a, b, d]) => cross(minus(b, a), minus(d, a)).map((part) => part / 2);

/** @param {number[][]} box @param {object} [of] */
const facesOf = (box, of = mask()) => boxPlanes(whole, box).map((side) => ({
  side, faces: cutFaces(/** @type {any} */ (of), side.axis, side.origin, side.towards),
}));

describe('the faces of a cut', () => {
  const BOXES = {
    'from the right': [[0.3, 1], [0, 1], [0, 1]],
    'from the left': [[0, 0.4], [0, 1], [0, 1]],
    'from behind': [[0, 1], [0.4, 1], [0, 1]],
    'from before': [[0, 1], [0, 0.5], [0, 1]],
    'from below': [[0, 1], [0, 1], [0.3, 1]],
    'from above': [[0, 1], [0, 1], [0, 0.6]],
  };
  it.each(Object.entries(BOXES))('lie in the plane %s, and look out of what is left', (_, box) => {
    const [{ side, faces }] = facesOf(box);
    expect(faces.length).toBeGreaterThan(0);
    faces.forEach(({ mesh }) => trianglesOf(mesh).forEach((triangle) => {
      triangle.forEach((place) => expect(dot(minus(place, side.origin), side.normal)).toBeCloseTo(0, 4));
      expect(dot(areaVector(triangle), side.normal)).toBeLessThan(0);
    }));
  });

  it('are as large as the label there, without what is hollow', () => {
    const [{ side, faces }] = facesOf(BOXES['from above']);
    expect(faces.map(({ label }) => label)).toEqual([21]); // slice 23 of 24 is the 15th of the mask
    const area = trianglesOf(faces[0].mesh).reduce((sum, triangle) => sum + Math.hypot(...areaVector(triangle)), 0);
    expect(area / (16 ** 2 - 4 ** 2)).toBeCloseTo(1, 1);
    const canal = indexToWorld(grid, [9.5, 9.5, 0]);
    const nearest = Math.min(...trianglesOf(faces[0].mesh).flat().map((place) =>
      Math.hypot(...AXES.filter((axis) => axis !== side.axis).map((axis) => place[axis] - canal[axis]))));
    expect(nearest).toBeGreaterThan(1.4);
  });

  it('are one a label that is seen, and none where nothing is', () => {
    const across = facesOf(BOXES['from the right'])[0].faces;
    expect(across.map(({ label }) => label)).toEqual([20, 21]);
    const [lower, upper] = across.map(({ mesh }) => trianglesOf(mesh).flat().map((place) => place[2]));
    expect(Math.max(...lower)).toBeLessThan(Math.min(...upper) + 1.6); // a voxel
    const [{ faces }] = facesOf(BOXES['from the right'], mask({ 20: COLOURS[20] }));
    expect(faces.map(({ label }) => label)).toEqual([20]);
    expect(facesOf([[0, 1], [0, 1], [0.9, 1]])[0].faces).toEqual([]);
  });

  it('show the voxels that are left at the cut', () => {
    // The border between the labels lies between slices 17 and 18 of the scan.
    expect(facesOf([[0, 1], [0, 1], [0, 18 / 40]])[0].faces.map(({ label }) => label)).toEqual([20]);
    expect(facesOf([[0, 1], [0, 1], [18 / 40, 1]])[0].faces.map(({ label }) => label)).toEqual([21]);
  });
});

describe('the caps of a clipping box', () => {
  it('are drawn a side that cuts, made anew only where it moved, and cut by the others', () => {
    const renderer = vtkRenderer.newInstance();
    const caps = createCaps(renderer, whole);
    caps.setMasks([mask()]);
    caps.show([[0, 1], [0, 1], [0, 1]]);
    expect(renderer.getActors()).toHaveLength(0);
    caps.show([[0, 1], [0, 1], [0, 0.6]]);
    const [top] = renderer.getActors();
    const planes = () => /** @type {any} */ (top).getMapper().getClippingPlanes();
    expect(planes()).toHaveLength(0);
    caps.show([[0.3, 1], [0, 1], [0, 0.6]]);
    expect(renderer.getActors()).toHaveLength(3); // both labels on the side
    expect(renderer.getActors()).toContain(top);
    expect(planes()).toHaveLength(1);
    caps.setMasks([]);
    caps.show([[0.3, 1], [0, 1], [0, 0.6]]);
    expect(renderer.getActors()).toHaveLength(0);
  });
});
