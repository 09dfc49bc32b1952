/**
 * What lies above the 3D view: orientation letters at its edges, a scale bar, which holds at the depth of the point looked
 * at, and a button for each of the six sides.
 */
import { button, make } from '../core/dom.js';
import { scaleBar } from '../slices/slice-overlay.js';
import { SIDES, edgeLetters } from './standard-views.js';

const EDGES = ['left', 'right', 'top', 'bottom'];

/**
 * @param {HTMLElement} element the panel's host
 * @param {object} panel of volume-panel.js
 * @param {object} texts view_A … view_I, views
 */
export function createVolumeOverlay(element, panel, texts) {
  const letters = Object.fromEntries(EDGES.map((edge) => [edge, make('div', { class: `sv-letter sv-at-${edge}` })]));
  const sides = make(
    'div',
    { class: 'sv-sides', role: 'group', 'aria-label': texts.views },
    ...Object.keys(SIDES).map((side) =>
      button(side, `look-${side}`, () => panel.look(side), { 'aria-label': texts[`view_${side}`], title: texts[`view_${side}`] }),
    ),
  );
  const bar = make('div', { class: 'sv-scale' });
  const layer = make('div', { class: 'sv-overlay sv-overlay-3d' }, ...Object.values(letters), bar);
  element.append(layer);
  element.parentElement.append(sides);

  function measure(camera) {
    const angle = (camera.getViewAngle() * Math.PI) / 180;
    const mmPerPx = (2 * camera.getDistance() * Math.tan(angle / 2)) / Math.max(element.clientHeight, 1);
    const [mm, length] = scaleBar(mmPerPx);
    const text = mm >= 10 ? `${mm / 10} cm` : `${mm} mm`;
    if (bar.textContent !== text) bar.textContent = text;
    bar.style.width = `${length}px`;
  }

  const write = () => {
    const { camera } = panel;
    Object.entries(edgeLetters(camera.getDirectionOfProjection(), camera.getViewUp())).forEach(([edge, letter]) => {
      if (letters[edge].textContent !== letter) letters[edge].textContent = letter;
    });
    measure(camera);
  };
  const following = panel.camera.onModified(write);
  write();
  return {
    destroy() {
      following.unsubscribe();
      layer.remove();
      sides.remove();
    },
  };
}
