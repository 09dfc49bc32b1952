/** The panels' elements as Vue draws them: title, enlarging, cine, and what lies over two panels in one place. */
import { h } from 'vue';
import { PLANES } from '../core/geometry.js';
import { curtainAt, curtainKey } from './compare-overlay.js';
import { LAYOUTS_WITH_ORIGINAL } from './layouts.js';

/** Panels: [key of the host element, test id, class, key of its title]. */
export const PANELS = [
  ['axial', 'view-axial', 'sv-axial', 'axial'],
  ['originalSlice', 'view-original-slice', 'sv-original sv-original-slice', 'original'],
  ['coronal', 'view-coronal', 'sv-coronal', 'coronal'],
  ['sagittal', 'view-sagittal', 'sv-sagittal', 'sagittal'],
  ['originalVolume', 'view-original-3d', 'sv-original sv-original-3d', 'original'],
  ['volume', 'view-3d', 'sv-3d', 'volume'],
];

function expand(page, key, name) {
  const { texts, maximised } = page;
  const attributes = { title: texts.maximise, 'aria-label': `${texts.maximise}: ${name}`, 'aria-pressed': String(maximised === key) };
  return h('button', { class: 'sv-expand', type: 'button', ...attributes, onClick: () => page.toggle(key) }, h('span', { 'aria-hidden': 'true' }));
}

function cine(page, key, name) {
  if (!(key in PLANES)) return null;
  const { texts, playing } = page;
  const attributes = {
    title: texts.cine,
    'aria-label': `${texts.cine}: ${name}`,
    'aria-pressed': String(playing === PLANES[key].axis),
    'data-testid': `cine-${key}`,
  };
  return h('button', { class: 'sv-cine', type: 'button', ...attributes, onClick: () => page.viewer?.play(key) }, h('span', { 'aria-hidden': 'true' }));
}

/** One panel of the component `page`. */
export function panelOf(page, [key, testid, classes, title]) {
  const { texts, layout, maximised } = page;
  const name = texts[title] ?? title;
  const suffix = LAYOUTS_WITH_ORIGINAL.includes(layout) && !key.startsWith('original') ? ` · ${texts.segmented ?? ''}` : '';
  return h(
    'section',
    { key, class: ['sv-panel', classes, { 'sv-maximised': maximised === key }], 'data-testid': testid, 'aria-label': name },
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
      cine(page, key, name),
      expand(page, key, name),
    ],
  );
}

/** The curtain's handles, one a place, or the button that holds the blinking. */
export function overOf(page) {
  const { texts, layout, maximised, curtain } = page;
  if (maximised) return [];
  if (layout === 'blink') {
    const attributes = { type: 'button', class: 'sv-blink', 'data-testid': 'blink-hold', 'aria-pressed': String(!page.blinking) };
    return [h('button', { ...attributes, onClick: () => page.pressBlink() }, texts.blink_hold)];
  }
  if (layout !== 'curtain') return [];
  const held = (event) => event.buttons && page.moveCurtain(curtainAt(event.clientX, event.currentTarget.parentElement.getBoundingClientRect()));
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
        onPointerdown: (event) => event.currentTarget.setPointerCapture(event.pointerId),
        onPointermove: held,
        onKeydown: (event) => page.moveCurtain(curtainKey(event.key, curtain)) && event.preventDefault(),
      }),
    ]),
  );
}
