/** The panels' elements as Vue draws them: title, enlarging, cine, and what lies over two panels in one place. */
import { h } from 'vue';
import { PLANES } from '../core/geometry.js';
import { curtainAt, curtainKey } from './compare-overlay.js';
import { LAYOUTS_WITH_ORIGINAL } from './layouts.js';
/** @import { Plane } from '../types.js' */

/** Panels: [key of the host element, test id, class, key of its title]. */
export const PANELS = [
  ['axial', 'view-axial', 'sv-axial', 'axial'],
  ['originalSlice', 'view-original-slice', 'sv-original sv-original-slice', 'original'],
  ['coronal', 'view-coronal', 'sv-coronal', 'coronal'],
  ['sagittal', 'view-sagittal', 'sv-sagittal', 'sagittal'],
  ['originalVolume', 'view-original-3d', 'sv-original sv-original-3d', 'original'],
  ['straightSagittal', 'view-straight-sagittal', 'sv-straight sv-straight-sagittal', 'straight_sagittal'],
  ['straightCoronal', 'view-straight-coronal', 'sv-straight sv-straight-coronal', 'straight_coronal'],
  ['volume', 'view-3d', 'sv-3d', 'volume'],
];

/**
 * @typedef {object} Page what is read and called of component.js
 * @property {Record<string, string>} texts
 * @property {string} layout
 * @property {string} caption whose scan it is
 * @property {string} maximised key of the panel shown alone, or ''
 * @property {number} playing axis of the slices that are played, or -1
 * @property {number} curtain per cent
 * @property {boolean} blinking
 * @property {Record<string, object>} taps listeners by panel
 * @property {(plane: Plane) => void} play
 * @property {(key: string) => void} toggle
 * @property {(at: ?number) => boolean} moveCurtain
 * @property {() => void} pressBlink
 */

/**
 * @param {Page} page
 * @param {string} key
 * @param {string} name
 */
function expand(page, key, name) {
  const { texts, maximised } = page;
  const attributes = {
    class: 'sv-expand',
    type: 'button',
    title: texts.maximise,
    'aria-label': `${texts.maximise}: ${name}`,
    'aria-pressed': String(maximised === key),
    onClick: () => page.toggle(key),
  };
  return h('button', attributes, h('span', { 'aria-hidden': 'true' }));
}

/**
 * @param {Page} page
 * @param {string} key
 * @param {string} name
 */
function cine(page, key, name) {
  const plane = Object.entries(PLANES).find(([planeName]) => planeName === key)?.[1];
  if (!plane) return null;
  const { texts, playing } = page;
  const attributes = {
    class: 'sv-cine',
    type: 'button',
    title: texts.cine,
    'aria-label': `${texts.cine}: ${name}`,
    'aria-pressed': String(playing === plane.axis),
    'data-testid': `cine-${key}`,
    onClick: () => page.play(/** @type {Plane} */ (key)),
  };
  return h('button', attributes, h('span', { 'aria-hidden': 'true' }));
}

/**
 * One panel of the component.
 *
 * @param {Page} page
 * @param {string[]} panel one of PANELS
 */
export function panelOf(page, [key, testid, classes, title]) {
  const { texts, layout, maximised } = page;
  const name = texts[title] ?? title;
  const isSegmented = LAYOUTS_WITH_ORIGINAL.includes(layout) && !key.startsWith('original');
  const suffix = isSegmented ? ` · ${texts.segmented ?? ''}` : '';
  return h(
    'section',
    {
      key,
      class: ['sv-panel', classes, { 'sv-maximised': maximised === key }],
      'data-testid': testid,
      'aria-label': name,
    },
    [
      h('div', {
        ref: key,
        class: 'sv-canvas',
        tabindex: 0,
        role: 'application',
        'aria-label': `${name}. ${texts.keys ?? ''}`,
        ...page.taps[key],
      }),
      h('div', { class: 'sv-title' }, name + suffix),
      h('div', { class: 'sv-alias' }, page.caption),
      cine(page, key, name),
      expand(page, key, name),
    ],
  );
}

/**
 * The curtain's handles, one a place, or the button that holds the blinking.
 *
 * @param {Page} page
 */
export function overOf(page) {
  const { texts, layout, maximised, curtain } = page;
  if (maximised) return [];
  if (layout === 'blink') {
    const attributes = {
      type: 'button',
      class: 'sv-blink',
      'data-testid': 'blink-hold',
      'aria-pressed': String(!page.blinking),
      onClick: () => page.pressBlink(),
    };
    return [h('button', attributes, texts.blink_hold)];
  }
  if (layout !== 'curtain') return [];
  /** @param {PointerEvent & {currentTarget: {parentElement: HTMLElement}}} event */
  const hold = ({ buttons, clientX, currentTarget }) =>
    buttons && page.moveCurtain(curtainAt(clientX, currentTarget.parentElement.getBoundingClientRect()));
  return ['slice', '3d'].map((place) =>
    h('div', { class: `sv-curtain sv-curtain-${place}`, key: place }, [
      h('div', {
        class: 'sv-curtain-handle',
        role: 'slider',
        tabindex: 0,
        'data-testid': `curtain-${place}`,
        'aria-label': texts.curtain,
        'aria-orientation': 'horizontal',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': curtain,
        /** @param {PointerEvent & {currentTarget: HTMLElement}} event */
        onPointerdown: ({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId),
        onPointermove: hold,
        /** @param {KeyboardEvent} event */
        onKeydown: (event) => page.moveCurtain(curtainKey(event.key, curtain)) && event.preventDefault(),
      }),
    ]),
  );
}
