/**
 * Surfaces of few triangles, which a processor draws many times as often: shown while the view turns without a graphics
 * card. The points in each small cell become one (vertex clustering: Rossignac and Borrel 1993,
 * doi:10.1007/978-3-642-78114-8_29).
 */
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import { polyDataOf } from '../surfaces.js';
/**
 * @import { IndexedMesh } from '../surfaces.js'
 */

const CELL_MM = 3; // thin laminae are thicker; a processor's picture has pixels of half a millimetre to one

/**
 * Number of each point's cell, counted from 0 in the order in which cells are met.
 *
 * @param {ArrayLike<number>} points x, y, z of each, mm
 * @param {number} cellMm
 */
function cellsOf(points, cellMm) {
  /** @type {Map<number, number>} */
  const numbers = new Map();
  const cells = new Uint32Array(points.length / 3);
  const place = (/** @type {number} */ mm) => Math.floor(mm / cellMm) + 0x8000; // 16 bits a side
  for (let n = 0; n < cells.length; n += 1) {
    const key = (place(points[3 * n]) * 0x10000 + place(points[3 * n + 1])) * 0x10000 + place(points[3 * n + 2]);
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    cells[n] = number;
  }
  return { cells, count: numbers.size };
}

/**
 * The same surface with one point a cell: the mean of those in it, and of their values.
 *
 * @param {{points: ArrayLike<number>, corner: ArrayLike<number>, values: ?ArrayLike<number>}} mesh as IndexedMesh
 * @param {number} cellMm
 * @returns {IndexedMesh} triangles within one or two cells are gone
 */
export function clustered({ points, corner, values }, cellMm = CELL_MM) {
  const { cells, count } = cellsOf(points, cellMm);
  const sums = new Float64Array(5 * count); // x, y, z, value, how many
  cells.forEach((cell, n) => {
    for (let axis = 0; axis < 3; axis += 1) sums[5 * cell + axis] += points[3 * n + axis];
    sums[5 * cell + 3] += values ? values[n] : 0;
    sums[5 * cell + 4] += 1;
  });
  const mean = (/** @type {number} */ cell, /** @type {number} */ n) => sums[5 * cell + n] / sums[5 * cell + 4];
  const kept = [];
  for (let t = 0; t < corner.length; t += 3) {
    const [a, b, c] = [cells[corner[t]], cells[corner[t + 1]], cells[corner[t + 2]]];
    if (a !== b && b !== c && c !== a) kept.push(a, b, c);
  }
  return {
    points: Float32Array.from({ length: 3 * count }, (_, n) => mean(Math.floor(n / 3), n % 3)),
    corner: Uint32Array.from(kept),
    values: values ? Float32Array.from({ length: count }, (_, cell) => mean(cell, 3)) : null,
  };
}

/** Corners of vtk.js's triangles, each of which has its count before it. @param {ArrayLike<number>} cells */
function cornersOf(cells) {
  const corner = new Uint32Array((cells.length / 4) * 3);
  for (let t = 0; t < cells.length / 4; t += 1)
    for (let n = 0; n < 3; n += 1) corner[3 * t + n] = cells[4 * t + 1 + n];
  return corner;
}

/** An actor that looks like another from afar. @param {vtkActor} actor of triangles */
function coarseOf(actor) {
  const full = /** @type {vtkMapper} */ (actor.getMapper());
  const data = full.getInputData();
  const values = data.getPointData().getScalars()?.getData() ?? null;
  const corner = cornersOf(data.getPolys().getData());
  const mapper = vtkMapper.newInstance({ scalarVisibility: full.getScalarVisibility() });
  mapper.setInputData(polyDataOf(clustered({ points: data.getPoints().getData(), corner, values })));
  const table = full.getLookupTable();
  if (table) mapper.setLookupTable(table);
  mapper.setUseLookupTableScalarRange(full.getUseLookupTableScalarRange());
  mapper.setColorMode(full.getColorMode());
  const copy = vtkActor.newInstance();
  copy.setMapper(mapper);
  copy.setProperty(actor.getProperty());
  return copy;
}

/**
 * Surfaces and their coarse copies, made when they are first wanted and anew when a surface has changed.
 *
 * @param {{addActor: (actor: vtkActor) => void, removeActor: (actor: vtkActor) => void}} renderer
 */
export function createCoarseSurfaces(renderer) {
  /** @type {Map<vtkActor, {copy: vtkActor, of: unknown[]}>} */
  const copies = new Map();
  /** What a copy was made of; its clipping planes are the caller's. @param {vtkActor} actor */
  function madeOf(actor) {
    const mapper = /** @type {vtkMapper} */ (actor.getMapper());
    const data = mapper.getInputData();
    return [data, data.getMTime(), mapper.getLookupTable(), mapper.getScalarVisibility()];
  }
  /** @param {vtkActor} actor */
  function forget(actor) {
    const known = copies.get(actor);
    if (known) renderer.removeActor(known.copy);
    copies.delete(actor);
  }
  /** @param {vtkActor} actor */
  function copyOf(actor) {
    const known = copies.get(actor);
    const of = madeOf(actor);
    if (known && of.every((part, n) => part === known.of[n])) return known.copy;
    forget(actor);
    const copy = coarseOf(actor);
    renderer.addActor(copy);
    copies.set(actor, { copy, of });
    return copy;
  }
  return {
    /**
     * Draw surfaces, or copies in their place; answer all of them, whether they are drawn or not.
     *
     * @param {vtkActor[]} surfaces all that there are
     * @param {boolean} isShown
     * @param {boolean} isCoarse
     */
    show(surfaces, isShown, isCoarse) {
      [...copies.keys()].filter((actor) => !surfaces.includes(actor)).forEach(forget);
      surfaces.forEach((actor) => actor.setVisibility(isShown && !isCoarse));
      const drawn = isShown && isCoarse ? surfaces.map(copyOf) : [];
      copies.forEach(({ copy }) => copy.setVisibility(drawn.includes(copy)));
      return [...surfaces, ...[...copies.values()].map(({ copy }) => copy)];
    },
  };
}
