/** Surfaces from the server's indexed meshes, shaded smoothly. */
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction.js';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData.js';

/**
 * @typedef {object} IndexedMesh
 * @property {Float32Array} points x, y, z of each vertex, RAS+ mm
 * @property {?Float32Array} values a number of each vertex, where the file has some
 * @property {Uint32Array} corner vertex numbers, three a triangle
 */

/**
 * What segmentation/writers/indexed_mesh.py wrote; the arrays are views of `buffer`.
 *
 * @param {ArrayBuffer} buffer
 * @returns {IndexedMesh}
 * @throws {Error} when the file is too short or too long
 */
export function parseIndexedMesh(buffer) {
  const [count, triangles] = buffer.byteLength < 8 ? [] : new Uint32Array(buffer, 0, 2);
  const bare = 8 + 12 * count + 12 * triangles;
  const hasValues = buffer.byteLength === bare + 4 * count && count > 0;
  if (!hasValues && buffer.byteLength !== bare) throw new Error(`a mesh of ${buffer.byteLength} bytes`);
  const valuesAt = 8 + 12 * count;
  return {
    points: new Float32Array(buffer, 8, 3 * count),
    values: hasValues ? new Float32Array(buffer, valuesAt, count) : null,
    corner: new Uint32Array(buffer, valuesAt + (hasValues ? 4 * count : 0), 3 * triangles),
  };
}

/**
 * Unit normals of the vertices: each triangle counts by its area, so that slivers do not blacken their corners. A spine
 * has a million triangles: the loop makes no objects, which the browser would have to clean up.
 *
 * @param {Float32Array} points
 * @param {Uint32Array} corner
 */
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
 * Vertex numbers, three a triangle, as vtk.js's cells: each with its count before it.
 *
 * @param {Uint32Array} corner
 */
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

/**
 * A mesh as vtkPolyData with normals; values, if there are some, become its scalars, or the shades of its points.
 *
 * @param {IndexedMesh} mesh
 * @param {string} valueName
 * @param {(points: Float32Array, normals: Float32Array) => ?Uint8Array} shade see surface-shade.js
 */
export function polyDataOf({ points, values, corner }, valueName = 'values', shade = () => null) {
  const data = vtkPolyData.newInstance();
  data.getPoints().setData(points, 3);
  data.getPolys().setData(trianglesOf(corner));
  const normals = pointNormals(points, corner);
  const attributes = data.getPointData();
  attributes.setNormals(vtkDataArray.newInstance({ name: 'Normals', numberOfComponents: 3, values: normals }));
  const scalars = values ?? shade(points, normals);
  if (scalars)
    attributes.setScalars(vtkDataArray.newInstance({ name: valueName, numberOfComponents: 1, values: scalars }));
  return data;
}

/** What a colour becomes deep in a gap: darker, and warmer. @param {[number, number, number]} colour */
const shaded = ([r, g, b]) => /** @type {const} */ ([0.2 * r, 0.13 * g, 0.1 * b]);

/**
 * Colour a surface by how open its points lie.
 *
 * @param {vtkMapper} mapper
 * @param {[number, number, number]} colour
 */
function colourByShade(mapper, colour) {
  const colours = vtkColorTransferFunction.newInstance();
  colours.addRGBPoint(0, ...shaded(colour));
  colours.addRGBPoint(255, ...colour);
  mapper.setLookupTable(colours);
  mapper.setUseLookupTableScalarRange(true);
  mapper.setColorModeToMapScalars();
  mapper.setScalarVisibility(true);
}

/**
 * An actor of one label's surface in `colour`, darker where its points have shades.
 *
 * @param {vtkPolyData} mesh in RAS+ mm
 * @param {[number, number, number]} colour red, green, blue, 0..1
 */
export function surfaceActor(mesh, colour) {
  const mapper = vtkMapper.newInstance({ scalarVisibility: false });
  mapper.setInputData(mesh);
  if (mesh.getPointData().getScalars()) colourByShade(mapper, colour);
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
