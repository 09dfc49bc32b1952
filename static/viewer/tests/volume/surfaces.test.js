import { describe, expect, it } from 'vitest';
import { parseIndexedMesh, pointNormals, polyDataOf, trianglesOf } from '../../src/volume/surfaces.js';

/** A unit square in the plane z = 0, of two triangles, as the server writes it. */
const SQUARE = { points: [0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0], corner: [0, 1, 2, 0, 2, 3] };

function fileOf({ points, corner, values = [] }) {
  const floats = [...points, ...values];
  const buffer = new ArrayBuffer(8 + 4 * (floats.length + corner.length));
  new Uint32Array(buffer, 0, 2).set([points.length / 3, corner.length / 3]);
  new Float32Array(buffer, 8, floats.length).set(floats);
  new Uint32Array(buffer, 8 + 4 * floats.length).set(corner);
  return buffer;
}

describe('an indexed mesh', () => {
  it('is read as the server wrote it', () => {
    const { points, values, corner } = parseIndexedMesh(fileOf(SQUARE));
    expect([[...points], values, [...corner]]).toEqual([SQUARE.points, null, SQUARE.corner]);
  });

  it('may have a value for each vertex', () => {
    const { points, values, corner } = parseIndexedMesh(fileOf({ ...SQUARE, values: [0.5, -0.5, 2, 0] }));
    expect([[...points], [...values], [...corner]]).toEqual([SQUARE.points, [0.5, -0.5, 2, 0], SQUARE.corner]);
  });

  it('may be empty', () => {
    expect(parseIndexedMesh(fileOf({ points: [], corner: [] })).points).toHaveLength(0);
  });

  it('is refused when bytes are missing or left over', () => {
    const whole = fileOf(SQUARE);
    [whole.slice(0, -4), whole.slice(0, 4), new ArrayBuffer(whole.byteLength + 4)].forEach((buffer) => {
      expect(() => parseIndexedMesh(buffer)).toThrow(/bytes/);
    });
  });

  it('has normals that stand on it, and cells that count their corners', () => {
    const { points, corner } = parseIndexedMesh(fileOf(SQUARE));
    expect([...pointNormals(points, corner)]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect([...trianglesOf(corner)]).toEqual([3, 0, 1, 2, 3, 0, 2, 3]);
  });

  it('becomes what vtk.js draws, with its values as scalars', () => {
    const data = polyDataOf(parseIndexedMesh(fileOf({ ...SQUARE, values: [1, 2, 3, 4] })), 'distance_mm');
    expect([data.getNumberOfPoints(), data.getNumberOfPolys()]).toEqual([4, 2]);
    expect([...data.getPointData().getScalars().getData()]).toEqual([1, 2, 3, 4]);
    expect(polyDataOf(parseIndexedMesh(fileOf(SQUARE))).getPointData().getScalars()).toBeNull();
  });
});
