/** Pictures and clips to take home, in the page's side bar. */
import { CLIP_PX, recordTurn } from './turntable-gif.js';
import { button, make } from '../core/dom.js';
import { download, paintPicture } from './screenshot.js';

const stamp = () => new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');

/**
 * Fill `slot`.
 *
 * @param {HTMLElement} root of all panels
 * @param {() => {name: string, panel: HTMLElement, render: () => void}[]} seen the panels seen now, `render` draws at once
 * @param {object} volume { panel, render, draw, turn(degrees) } of the 3D view
 */
export function createCaptureTools(slot, root, seen, volume, texts) {
  const mark = `SpineView · ${texts.research_use}`;
  const toFile = (canvas, name) => canvas.toBlob((blob) => download(blob, `spineview-${name}-${stamp()}.png`), 'image/png');

  const which = make('select', { 'aria-label': texts.capture_which, 'data-testid': 'capture-which' });
  function offer() {
    const { value } = which;
    const all = [['layout', texts.capture_layout], ...seen().map(({ name, panel }) => [name, panel.getAttribute('aria-label')])];
    which.replaceChildren(...all.map(([name, text]) => make('option', { value: name, selected: name === value }, text)));
  }
  which.addEventListener('focus', offer);
  which.addEventListener('pointerenter', offer);

  function take() {
    const parts = seen();
    const one = parts.find(({ name }) => name === which.value);
    const frame = (one ? one.panel : root).getBoundingClientRect();
    toFile(paintPicture(one ? [one] : parts, frame, mark), one ? one.name : 'layout');
  }

  async function record() {
    turning.disabled = true;
    const frame = volume.panel.getBoundingClientRect();
    const how = { canvas: document.createElement('canvas'), ratio: Math.min(1, CLIP_PX / Math.max(frame.width, frame.height)) };
    const paint = () => paintPicture([volume], frame, mark, how);
    try {
      const blob = await recordTurn(paint, volume.turn, (done) => (turning.textContent = `${Math.round(100 * done)} %`));
      download(blob, `spineview-3d-${stamp()}.gif`);
    } finally {
      volume.draw();
      turning.disabled = false;
      turning.textContent = texts.capture_clip;
    }
  }

  const turning = button(texts.capture_clip, 'capture-clip', record, { class: 'sv-button' });
  const nodes = [
    make('div', { class: 'sv-capture' }, which, button(texts.capture_picture, 'capture-picture', take, { class: 'sv-button' })),
    turning,
  ];
  slot.append(...nodes);
  offer();
  return { destroy: () => nodes.forEach((node) => node.remove()) };
}
