/**
 * What lies above the 3D view: orientation letters at its edges, a scale bar, which holds at the depth of the point
 * looked at, and a button for each of the six sides.
 */
import { button, make } from '../core/dom.js';
import { scaleBar, scaleText } from '../core/scale-bar.js';
import { SIDES, edgeLetters } from './standard-views.js';
/**
 * @import vtkCamera from '@kitware/vtk.js/Rendering/Core/Camera.js'
 * @import { Texts } from '../types.js'
 * @import { Side } from './standard-views.js'
 */

const EDGES = /** @type {const} */ (['left', 'right', 'top', 'bottom']);

/**
 * Set a node's text only if it is another, so that the browser lays nothing out again.
 *
 * @param {Node} node
 * @param {string} text
 */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * mm per CSS px at the depth of the point looked at.
 *
 * @param {vtkCamera} camera
 * @param {number} height of the view, px
 */
function scaleOf(camera, height) {
  const angle = (camera.getViewAngle() * Math.PI) / 180;
  return (2 * camera.getDistance() * Math.tan(angle / 2)) / Math.max(height, 1);
}

/**
 * @param {HTMLElement} element the panel's host
 * @param {{camera: vtkCamera, look: (side: Side) => void}} panel see volume-panel.js
 * @param {Texts} texts
 * @param {boolean} [withSides] whether there are buttons
 */
export function createVolumeOverlay(element, panel, texts, withSides = true) {
  const letters = EDGES.map((edge) => make('div', { class: `sv-letter sv-at-${edge}` }));
  const buttons = /** @type {Side[]} */ (Object.keys(SIDES)).map((side) => {
    const title = texts[`view_${side}`];
    return button(side, `look-${side}`, () => panel.look(side), { 'aria-label': title, title });
  });
  const sides = make('div', { class: 'sv-sides', role: 'group', 'aria-label': texts.views }, ...buttons);
  const bar = make('div', { class: 'sv-scale' });
  const layer = make('div', { class: 'sv-overlay sv-overlay-3d' }, ...letters, bar);
  element.append(layer);
  if (withSides) element.parentElement?.append(sides);

  const update = () => {
    const { camera } = panel;
    const found = edgeLetters(camera.getDirectionOfProjection(), camera.getViewUp());
    EDGES.forEach((edge, n) => write(letters[n], found[edge]));
    const [mm, length] = scaleBar(scaleOf(camera, element.clientHeight));
    write(bar, scaleText(mm));
    bar.style.width = `${length}px`;
  };
  const following = panel.camera.onModified(update);
  update();
  return {
    destroy() {
      following.unsubscribe();
      layer.remove();
      sides.remove();
    },
  };
}
