/**
 * Surfaces from the server's STL files, welded so that they shade smoothly. A spine has a million triangles: the loops
 * over them make no objects, which the browser would have to clean up.
 */
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData.js';

/**
 * STL repeats each corner once a triangle. Returns the corners once each, and the triangles' corner numbers.
 *
 * @param {Float32Array} corners x, y, z of every triangle's three corners
 * @returns {{points: Float32Array, corner: Uint32Array}} `corner[n]` is the point that corner n became
 */
export function weld(corners) {
  const bits = new Int32Array(corners.buffer, corners.byteOffset, corners.length);
  const count = corners.length / 3;
  const slots = new Int32Array(1 << Math.ceil(Math.log2(Math.max(2, count * 2)))).fill(-1);
  const last = slots.length - 1;
  const points = new Float32Array(corners.length);
  const pointBits = new Int32Array(points.buffer);
  const corner = new Uint32Array(count);
  let found = 0;
  for (let n = 0; n < count; n += 1) {
    const x = bits[3 * n];
    const y = bits[3 * n + 1];
    const z = bits[3 * n + 2];
    const hash = Math.imul(x, 73856093) ^ Math.imul(y, 19349663) ^ Math.imul(z, 83492791);
    let slot = (hash ^ (hash >>> 15)) & last;
    for (;;) {
      const known = slots[slot];
      if (known < 0) {
        slots[slot] = found;
        points[3 * found] = corners[3 * n];
        points[3 * found + 1] = corners[3 * n + 1];
        points[3 * found + 2] = corners[3 * n + 2];
        corner[n] = found;
        found += 1;
        break;
      }
      if (pointBits[3 * known] === x && pointBits[3 * known + 1] === y && pointBits[3 * known + 2] === z) {
        corner[n] = known;
        break;
      }
      slot = (slot + 1) & last;
    }
  }
  return { points: points.slice(0, 3 * found), corner };
}

/** Unit normals of the points: each triangle counts by its area, so that slivers do not blacken their corners. */
export function pointNormals(points, corner) {
  const normals = new Float32Array(points.length);
  for (let t = 0; t < corner.length; t += 3) {
    const a = 3 * corner[t];
    const b = 3 * corner[t + 1];
    const c = 3 * corner[t + 2];
    const ux = points[b] - points[a];
    const uy = points[b + 1] - points[a + 1];
    const uz = points[b + 2] - points[a + 2];
    const vx = points[c] - points[a];
    const vy = points[c + 1] - points[a + 1];
    const vz = points[c + 2] - points[a + 2];
    const x = uy * vz - uz * vy;
    const y = uz * vx - ux * vz;
    const z = ux * vy - uy * vx;
    for (let side = 0; side < 3; side += 1) {
      const p = 3 * corner[t + side];
      normals[p] += x;
      normals[p + 1] += y;
      normals[p + 2] += z;
    }
  }
  for (let p = 0; p < normals.length; p += 3) {
    const length = Math.hypot(normals[p], normals[p + 1], normals[p + 2]) || 1;
    for (let n = 0; n < 3; n += 1) normals[p + n] /= length;
  }
  return normals;
}

/**
 * x, y, z of every triangle's three corners in a binary STL file, as they stand there.
 * (vtk.js's own reader would turn what says SPACE=RAS to LPS, and the spine would be seen from behind.)
 */
export function stlCorners(buffer) {
  const view = new DataView(buffer);
  const count = view.getUint32(80, true);
  const corners = new Float32Array(count * 9);
  for (let t = 0, n = 0; t < count; t += 1)
    for (let at = 84 + 50 * t + 12; at < 84 + 50 * t + 48; at += 4, n += 1) corners[n] = view.getFloat32(at, true);
  return corners;
}

/** Corner numbers, three a triangle, as vtk.js's cells: each with its count before it. */
export function trianglesOf(corner) {
  const triangles = new Uint32Array((corner.length / 3) * 4);
  for (let t = 0; t < corner.length / 3; t += 1) {
    triangles[4 * t] = 3;
    triangles[4 * t + 1] = corner[3 * t];
    triangles[4 * t + 2] = corner[3 * t + 1];
    triangles[4 * t + 3] = corner[3 * t + 2];
  }
  return triangles;
}

/** The surface of a binary STL file, as vtkPolyData with normals. */
export function smoothMesh(buffer) {
  const { points, corner } = weld(stlCorners(buffer));
  const mesh = vtkPolyData.newInstance();
  mesh.getPoints().setData(points, 3);
  mesh.getPolys().setData(trianglesOf(corner));
  const values = pointNormals(points, corner);
  mesh.getPointData().setNormals(vtkDataArray.newInstance({ name: 'Normals', numberOfComponents: 3, values }));
  return mesh;
}

/** An actor of one label's surface (vtkPolyData in RAS+ mm) in `colour` ([r, g, b], 0..1). */
export function surfaceActor(mesh, colour) {
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(mesh);
  const actor = vtkActor.newInstance();
  actor.setMapper(mapper);
  const property = actor.getProperty();
  property.setColor(...colour);
  property.setInterpolationToPhong();
  property.setBackfaceCulling(true); // decimation leaves tiny folds, whose backs would be black dots
  property.setAmbient(0.18);
  property.setDiffuse(0.8);
  property.setSpecular(0.25);
  property.setSpecularPower(20);
  return actor;
}
