/** Surfaces of the labels that are being corrected: only the bricks around a change are made anew, a few at a time. */
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray.js';
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData.js';
import { surfaceActor, trianglesOf } from '../../volume/surfaces.js';
import { BRICK, brickSurface } from './surface-nets.js';
/** @import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js' */
/** @import { Colours, Opacities } from '../../types.js' */
/** @import { Change, LabelVolume } from '../label-volume.js' */
/** @import { Surface } from './surface-nets.js' */

const REST_MS = 250; // without a change before surfaces follow
const PORTION_MS = 8; // at a time, so that the brush does not wait

/** @param {Surface} surface */
function polyDataOf({ points, normals, corner }) {
  const data = vtkPolyData.newInstance();
  data.getPoints().setData(points, 3);
  data.getPolys().setData(trianglesOf(corner));
  data.getPointData().setNormals(vtkDataArray.newInstance({ name: 'Normals', numberOfComponents: 3, values: normals }));
  return data;
}

/** @param {number} n */
const brickOf = (n) => Math.floor(n / BRICK);

/**
 * @param {LabelVolume} volume
 * @param {() => void} done called when the surfaces are what the labels are
 */
export function createEditedSurfaces(volume, done) {
  /** Actors by label and brick; null where a brick has no surface. @type {Map<number, Map<string, ?vtkActor>>} */
  const taken = new Map();
  /** @type {Set<string>} "label i j k" of bricks to be made */
  const waiting = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {number} label @param {number[]} low @param {number[]} high voxels, ends included */
  function mark(label, low, high) {
    const from = low.map((at) => brickOf(at - 2));
    const to = high.map((at) => brickOf(at + 2));
    for (let k = from[2]; k <= to[2]; k += 1)
      for (let j = from[1]; j <= to[1]; j += 1)
        for (let i = from[0]; i <= to[0]; i += 1) waiting.add(`${label} ${i} ${j} ${k}`);
  }
  /** @param {string} key */
  function make(key) {
    const [label, ...brick] = key.split(' ').map(Number);
    const surface = brickSurface(volume, label, brick);
    const bricks = taken.get(label) ?? new Map();
    taken.set(label, bricks);
    bricks.set(brick.join(' '), surface && surfaceActor(polyDataOf(surface), [1, 1, 1]));
  }
  function work() {
    const until = performance.now() + PORTION_MS;
    for (const key of waiting) {
      waiting.delete(key);
      make(key);
      if (performance.now() > until) break;
    }
    if (waiting.size) timer = setTimeout(work);
    else done();
  }

  return {
    /** @param {Change} change */
    changed({ low, high, labels }) {
      const { first, shape } = volume.box;
      for (const label of labels)
        if (taken.has(label)) mark(label, low, high);
        else mark(label, first, first.map((at, axis) => at + shape[axis] - 1));
      clearTimeout(timer);
      timer = setTimeout(work, REST_MS);
    },
    /** Labels whose surfaces are drawn from here, and no longer from the server's. */
    labels: () => [...taken.keys()],
    /** The actors of the labels that have a colour. @param {Colours} colours @param {Opacities} shares */
    actors(colours, shares) {
      return [...taken].flatMap(([label, bricks]) => {
        const colour = colours[label];
        if (!colour) return [];
        const all = [...bricks.values()].filter((actor) => actor !== null);
        all.forEach((actor) => {
          actor.getProperty().setColor(...colour);
          actor.getProperty().setOpacity(shares[label] ?? 1);
        });
        return all;
      });
    },
    destroy: () => clearTimeout(timer),
  };
}

/** @typedef {ReturnType<typeof createEditedSurfaces>} EditedSurfaces */
