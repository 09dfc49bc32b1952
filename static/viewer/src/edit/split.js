/** A label cut in two: by what lies nearer to one of two voxels along the bone, or by a plane (pure). */
import { indexToWorld } from '../core/geometry.js';
import { AXES, dot, minus } from '../core/vectors.js';
import { createChange, setOf, stepsOf } from './brush.js';
import { eachOf, neighbourMoves, regionOf } from './regions.js';
/** @import { Numbers } from '../types.js' */
/** @import { Change, LabelVolume } from './label-volume.js' */
/** @import { Region } from './regions.js' */

const STEP_MM = 0.1; // of a distance along the bone: they are counted in whole steps

/** Voxels in order of their distance, in whole steps: a list a distance. */
function createBuckets() {
  /** @type {(number[] | undefined)[]} */
  const buckets = [];
  let nearest = 0;
  return {
    /** @param {number} distance @param {number} voxel */
    add(distance, voxel) {
      (buckets[distance] ??= []).push(voxel);
    },
    /** The nearest one and its distance; null when there is none. */
    take() {
      while (nearest < buckets.length) {
        const voxel = buckets[nearest]?.pop();
        if (voxel !== undefined) return { distance: nearest, voxel };
        buckets[nearest] = undefined;
        nearest += 1;
      }
      return null;
    },
  };
}

/**
 * Which voxels of a label are nearer to the second of two of its voxels, within the label (Dijkstra 1959).
 *
 * @param {LabelVolume} volume
 * @param {number} label
 * @param {[Numbers, Numbers]} seeds in the label
 * @returns {?(Region & {marked: Uint8Array})}
 */
export function nearerToSecond(volume, label, seeds) {
  const region = regionOf(volume, label, 1);
  if (!region) return null;
  const { low, size, member } = region;
  const steps = stepsOf(volume.whole);
  const moves = neighbourMoves(size).map((move) => {
    const [a, b, c] = move.steps;
    const mm = Math.hypot(...AXES.map((n) => a * steps[0][n] + b * steps[1][n] + c * steps[2][n]));
    return { ...move, cost: Math.max(1, Math.round(mm / STEP_MM)) };
  });
  const distances = new Uint32Array(member.length).fill(0xffffffff);
  const marked = new Uint8Array(member.length);
  const buckets = createBuckets();
  seeds.forEach((seed, n) => {
    const [i, j, k] = seed.map((at, axis) => at - low[axis]);
    const at = i + size[0] * (j + size[1] * k);
    distances[at] = 0;
    marked[at] = n;
    buckets.add(0, at);
  });
  for (let next = buckets.take(); next; next = buckets.take()) {
    const { voxel, distance } = next;
    if (distances[voxel] < distance) continue;
    for (const { by, cost, leads } of moves) {
      const other = voxel + by;
      if (!member[other] || distance + cost >= distances[other] || !leads(voxel)) continue;
      distances[other] = distance + cost;
      marked[other] = marked[voxel];
      buckets.add(distance + cost, other);
    }
  }
  // A piece that neither of them reaches is no part of what is split.
  return { ...region, marked, member: member.map((value, n) => (distances[n] === 0xffffffff ? 0 : value)) };
}

/**
 * Which voxels of a label lie in front of a plane.
 *
 * @param {LabelVolume} volume
 * @param {number} label
 * @param {Numbers} point on it, RAS+ mm
 * @param {Numbers} normal
 * @returns {?(Region & {marked: Uint8Array})}
 */
export function inFrontOf(volume, label, point, normal) {
  const region = regionOf(volume, label, 1);
  if (!region) return null;
  const marked = new Uint8Array(region.member.length);
  const { low, size, member } = region;
  for (let at = 0, k = 0; k < size[2]; k += 1)
    for (let j = 0; j < size[1]; j += 1)
      for (let i = 0; i < size[0]; i += 1, at += 1) {
        if (!member[at]) continue;
        const world = indexToWorld(volume.whole, [low[0] + i, low[1] + j, low[2] + k]);
        marked[at] = dot(minus(world, point), normal) > 0 ? 1 : 0;
      }
  return { ...region, marked };
}

/** Mean place along S of the voxels marked as `value`, mm. @param {LabelVolume} volume */
function height(volume, /** @type {Region & {marked: Uint8Array}} */ part, /** @type {number} */ value) {
  let [sum, count] = [0, 0];
  const wanted = part.marked.map((mark, n) => (part.member[n] && mark === value ? 1 : 0));
  eachOf(part, wanted, (i, j, k) => {
    sum += indexToWorld(volume.whole, [i, j, k])[2];
    count += 1;
  });
  return { count, mean: sum / Math.max(1, count) };
}

/**
 * Give one of two parts of a label another one: the upper part, if that vertebra lies above.
 *
 * @param {LabelVolume} volume with an open transaction
 * @param {Int16Array} hu
 * @param {number} label
 * @param {number} next
 * @param {boolean} isAbove whether `next` is a vertebra above `label`
 * @param {?(Region & {marked: Uint8Array})} part
 * @returns {?Change} null where one of the parts is empty
 */
export function divide(volume, hu, label, next, isAbove, part) {
  if (!part) return null;
  const [rest, marked] = [height(volume, part, 0), height(volume, part, 1)];
  if (!rest.count || !marked.count) return null;
  const wanted = marked.mean > rest.mean === isAbove ? 1 : 0;
  const change = createChange(volume, hu, { value: next, over: setOf([label]), hu: null });
  eachOf(part, part.marked.map((mark, n) => (part.member[n] && mark === wanted ? 1 : 0)), change.set);
  return change.done();
}
