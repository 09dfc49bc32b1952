/** The tools of the 3D view in the page's side bar: how the mask is shown, transfer function, clipping box. */
import { WHOLE } from '../volume/clip-box.js';
import { button, make } from '../core/dom.js';
import { createTransferEditor } from '../volume/transfer-editor.js';

const STYLES = ['surface', 'colour'];
const AXES = ['rl', 'ap', 'is']; // i runs from left to right, j from posterior to anterior, k from inferior to superior

function styleChoice(texts, choose) {
  const buttons = STYLES.map((style) => button(texts[`mask_${style}`], `mask-style-${style}`, () => press(style), { 'aria-pressed': String(style === STYLES[0]) }));
  function press(style) {
    buttons.forEach((node, n) => node.setAttribute('aria-pressed', String(STYLES[n] === style)));
    choose(style);
  }
  return make(
    'div',
    { class: 'sv-choice-group' },
    make('div', { class: 'sv-label' }, texts.mask_style),
    make('div', { class: 'sv-choice', role: 'group', 'aria-label': texts.mask_style }, ...buttons),
  );
}

/** Two sliders an axis; each pushes the other along. `change(box)` gets a box as in clip-box.js. */
function clipControls(texts, change) {
  let box = structuredClone(WHOLE);
  const inputs = [];
  function slide(axis, end, value) {
    box = box.map((pair) => [...pair]);
    box[axis][end] = value;
    if (end === 0) box[axis][1] = Math.max(box[axis][1], Math.min(1, value + 0.02));
    else box[axis][0] = Math.min(box[axis][0], Math.max(0, value - 0.02));
    [0, 1].forEach((side) => (inputs[axis][side].value = String(Math.round(100 * box[axis][side]))));
    change(box);
  }
  const rows = AXES.map((name, axis) => {
    inputs[axis] = [0, 1].map((end) =>
      make('input', {
        type: 'range', min: 0, max: 100, value: 100 * end, 'data-testid': `clip-${name}-${end}`,
        'aria-label': texts[`clip_${name}_${end}`], oninput: (event) => slide(axis, end, Number(event.target.value) / 100),
      }),
    );
    return make('div', { class: 'sv-clip-row' }, make('span', { class: 'sv-faint' }, texts[`clip_${name}`]), ...inputs[axis]);
  });
  const whole = button(texts.clip_reset, 'clip-reset', () => {
    box = structuredClone(WHOLE);
    inputs.forEach((pair) => pair.forEach((input, end) => (input.value = String(100 * end))));
    change(box);
  }, { class: 'sv-button' });
  return make('details', { class: 'sv-log', 'data-testid': 'clip-box' }, make('summary', {}, texts.clip), ...rows, whole);
}

/**
 * Fill `slot` with the tools of `view`.
 *
 * @param {object} view { setMaskStyle(style), setTransfer(transfer), setClip(box) }
 * @param {Int16Array} values HU for the histogram
 */
export function createVolumeTools(slot, view, values, texts) {
  const editor = createTransferEditor(texts, view.setTransfer);
  editor.setHistogram(values);
  const nodes = [
    styleChoice(texts, view.setMaskStyle),
    make('details', { class: 'sv-log', 'data-testid': 'transfer' }, make('summary', {}, texts.transfer), editor.element),
    clipControls(texts, view.setClip),
  ];
  slot.append(...nodes);
  return {
    /** The view shows another transfer function (null: none), such as a preset's. */
    showTransfer: editor.show,
    setHistogram: editor.setHistogram,
    destroy: () => nodes.forEach((node) => node.remove()),
  };
}
