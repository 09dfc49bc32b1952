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

/** A part of the view, px. @typedef {{left: number, top: number, right: number, bottom: number}} Box */

const HEIGHT_PX = 24; // of a pill and a little air
const GAP_PX = 6;
const AWAY_PX = 16; // that a name may stand above or below its place, to make room
const USUAL_PX = 48; // width of a pill that was not measured
const KEPT_FREE = '.sv-sides, .sv-title, .sv-alias, .sv-expand, .sv-letter, .sv-scale';

/** @param {number} right end of a pill @param {number} y its middle @param {number} width @returns {Box} */
const boxOf = (right, y, width) => ({
  left: right - width,
  top: y - HEIGHT_PX / 2 + 0.01,
  right,
  bottom: y + HEIGHT_PX / 2 - 0.01,
});

/** @param {Box} a @param {Box} b */
const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/**
 * The height nearest to `y` where a pill covers nothing of what is taken; null where that is too far away.
 *
 * @param {number} right end of the pill, px
 * @param {number} y
 * @param {number} width
 * @param {Box[]} taken
 */
function freeNear(right, y, width, taken) {
  const half = HEIGHT_PX / 2;
  const heights = [y, ...taken.flatMap(({ top, bottom }) => [top - half, bottom + half])];
  const away = (/** @type {number} */ height) => Math.abs(height - y);
  const near = heights.filter((height) => away(height) <= AWAY_PX).sort((a, b) => away(a) - away(b));
  return near.find((height) => taken.every((other) => !overlap(boxOf(right, height, width), other))) ?? null;
}

/**
 * The right and the left end of a vertebra on the screen.
 *
 * @param {ReturnType<typeof projectorOf>} view
 * @param {Named} named
 */
function endsOf(view, { middle, half }) {
  const aside = AXES.reduce((sum, axis) => sum + Math.abs(view.right[axis]) * half[axis], 0);
  const endAt = (/** @type {number} */ mm) => view.place(AXES.map((axis) => middle[axis] + mm * view.right[axis]));
  return { ...endAt(-aside), end: endAt(aside).x };
}

/** @param {Place} place @param {Numbers} size of the view, px */
const isSeen = ({ x, y, depth }, [width, height]) => depth > 0 && x >= 0 && y >= 0 && x <= width && y <= height;

/**
 * The right end of a pill: left of its vertebra, or right of it where it would cover what must not be covered.
 *
 * @param {Place & {end: number}} place of the vertebra's ends
 * @param {number} width of the pill, px
 * @param {Box[]} kept
 */
function sideOf({ x, y, end }, width, kept) {
  const left = Math.max(x - GAP_PX, width);
  return freeNear(left, y, width, kept) === null ? end + GAP_PX + width : left;
}

/**
 * Where the names go: the right end of each pill, or null where a nearer one is in its place. A name stands left of its
 * vertebra on the screen, or right of it where it would cover what must not be covered.
 *
 * @param {Named[]} all
 * @param {CameraPose} camera
 * @param {Numbers} size of the view, px
 * @param {{widths: number[], kept: Box[]}} [room] widths of the pills; what must not be covered
 * @returns {(?Vec2)[]}
 */
export function arrange(all, camera, size, room = { widths: [], kept: [] }) {
  const view = projectorOf(camera, size);
  const found = all.map((named) => endsOf(view, named));
  /** @type {(?Vec2)[]} */
  const places = all.map(() => null);
  const order = found.map((_, n) => n).sort((a, b) => found[a].depth - found[b].depth);
  const taken = [...room.kept];
  for (const n of order.filter((each) => isSeen(found[each], size))) {
    const width = room.widths[n] || USUAL_PX;
    const right = sideOf(found[n], width, room.kept);
    const free = right > size[0] ? null : freeNear(right, found[n].y, width, taken);
    if (free === null) continue;
    places[n] = [right, free];
    taken.push(boxOf(right, free, width));
  }
  return places;
}

/** Buttons and words of the panel, which no name may cover: parts of `element`'s view. @param {HTMLElement} element */
function keptFree(element) {
  const { left, top } = element.getBoundingClientRect();
  const nodes = [...(element.parentElement?.querySelectorAll(KEPT_FREE) ?? [])];
  return nodes
    .map((node) => node.getBoundingClientRect())
    .filter(({ width }) => width > 0)
    .map((box) => ({ left: box.left - left, top: box.top - top, right: box.right - left, bottom: box.bottom - top }));
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
  /** @type {{widths: number[], kept: Box[]}} */
  let room = { widths: [], kept: [] };

  function measure() {
    room = { widths: pills.map((pill) => pill.offsetWidth), kept: keptFree(element) };
    place();
  }
  function place() {
    if (!all.length) return;
    arrange(all, camera, [element.clientWidth, element.clientHeight], room).forEach((at, n) => {
      pills[n].style.visibility = at ? '' : 'hidden';
      if (at) pills[n].style.transform = `translate(${at[0]}px, ${at[1]}px) translate(-100%, -50%)`;
    });
  }
  const following = camera.onModified(place);
  const sizes = new ResizeObserver(measure);
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
      measure();
    },
    destroy() {
      sizes.disconnect();
      following.unsubscribe();
      layer.remove();
    },
  };
}
