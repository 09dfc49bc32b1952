import { describe, expect, it } from 'vitest';
import { pointNormals, stlCorners, weld } from '../../src/volume/mesh.js';

describe('surfaces', () => {
  // Two triangles of one unit square in the plane z = 0.
  const square = Float32Array.from([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0]);

  it('are read as they stand in the file, whichever axes its header names', () => {
    const file = new DataView(new ArrayBuffer(84 + 50));
    [...'SpineView surface in mm. SPACE=RAS'].forEach((letter, n) => file.setUint8(n, letter.charCodeAt(0)));
    file.setUint32(80, 1, true);
    [...square.slice(0, 9)].forEach((x, n) => file.setFloat32(84 + 12 + 4 * n, x, true));
    expect([...stlCorners(file.buffer)]).toEqual([...square.slice(0, 9)]);
  });

  it('weld the corners that triangles share', () => {
    const { points, corner } = weld(square);
    expect(points.length / 3).toBe(4);
    expect([...corner]).toEqual([0, 1, 2, 0, 2, 3]);
  });

  it('have normals that stand on them', () => {
    const { points, corner } = weld(square);
    expect([...pointNormals(points, corner)]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
  });
});
