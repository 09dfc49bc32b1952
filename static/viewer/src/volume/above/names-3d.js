/** Names of vertebrae in 3D: each beside its vertebra, on a dark pill, in front of what it would cover. */
import { make } from '../../core/dom.js';
import { AXES } from '../../core/vectors.js';
import { projectorOf } from '../../vtk/camera.js';
/**
 * @import { CameraPose, Numbers, Rgb, Vec2, Vec3 } from '../../types.js'
 * @import { Place } from '../../vtk/camera.js'
 */

/**
 * What is named: the middle of a box and half of its size along R, A and S, mm.
 *
 * @typedef {{name: string, colour: Rgb, middle: Vec3, half: Vec3}} Named
 */

const HEIGHT_PX = 24; // of a pill and a little air
const GAP_PX = 6;
const AWAY_PX = 16; // that a name may stand above or below its place, to make room

/**
 * The height nearest to `y` where no other name is; null where that is too far away.
 *
 * @param {number} y px
 * @param {Place[]} others
 */
function freeNear(y, others) {
  const heights = [y, ...others.flatMap((other) => [other.y - HEIGHT_PX, other.y + HEIGHT_PX])];
  const free = heights.filter((height) => others.every((other) => Math.abs(other.y - height) >= HEIGHT_PX - 0.01));
  const nearest = free.sort((a, b) => Math.abs(a - y) - Math.abs(b - y))[0];
  return Math.abs(nearest - y) <= AWAY_PX ? nearest : null;
}

/**
 * Where the names go: the right end of each pill, or null where a nearer one is in its place.
 *
 * @param {Named[]} all
 * @param {CameraPose} camera
 * @param {Numbers} size of the view, px
 * @returns {(?Vec2)[]}
 */
export function arrange(all, camera, size) {
  const view = projectorOf(camera, size);
  const found = all.map(({ middle, half }) => {
    const aside = AXES.reduce((sum, axis) => sum + Math.abs(view.right[axis]) * half[axis], 0);
    const end = AXES.map((axis) => middle[axis] - aside * view.right[axis]);
    return view.place(end);
  });
  /** @type {(?Vec2)[]} */
  const places = all.map(() => null);
  const order = found.map((_, n) => n).sort((a, b) => found[a].depth - found[b].depth);
  /** @type {Place[]} */
  const taken = [];
  for (const n of order) {
    const { x, y, depth } = found[n];
    const isAway = depth <= 0 || x < 0 || y < 0 || x > size[0] || y > size[1];
    const free = isAway ? null : freeNear(y, taken.filter((other) => Math.abs(other.x - x) < 2 * HEIGHT_PX));
    if (free === null) continue;
    taken.push({ x, y: free, depth });
    places[n] = [Math.max(x - GAP_PX, 2 * HEIGHT_PX), free];
  }
  return places;
}

/** @param {Rgb} rgb */
const css = (rgb) => `rgb(${rgb.map((part) => Math.round(255 * part)).join(' ')})`;

/**
 * @param {HTMLElement} element the panel's host
 * @param {CameraPose & {onModified(listener: () => void): {unsubscribe(): void}}} camera
 */
export function createNames3d(element, camera) {
  const layer = make('div', { class: 'sv-names-3d', 'aria-hidden': 'true', 'data-testid': 'names-3d' });
  element.append(layer);
  /** @type {Named[]} */
  let all = [];
  /** @type {HTMLElement[]} */
  let pills = [];

  function place() {
    if (!all.length) return;
    arrange(all, camera, [element.clientWidth, element.clientHeight]).forEach((at, n) => {
      pills[n].style.visibility = at ? '' : 'hidden';
      if (at) pills[n].style.transform = `translate(${at[0]}px, ${at[1]}px) translate(-100%, -50%)`;
    });
  }
  const following = camera.onModified(place);
  const sizes = new ResizeObserver(place);
  sizes.observe(element);
  return {
    /** @param {Named[]} next */
    set(next) {
      all = next;
      pills = all.map(({ name, colour }) => {
        const pill = make('span', { class: 'sv-name-3d' }, name);
        pill.style.setProperty('--dot', css(colour));
        return pill;
      });
      layer.replaceChildren(...pills);
      place();
    },
    destroy() {
      sizes.disconnect();
      following.unsubscribe();
      layer.remove();
    },
  };
}
