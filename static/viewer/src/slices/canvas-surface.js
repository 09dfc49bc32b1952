/** One 2D canvas filling an element, painted on demand; the counterpart of vtk/render-window.js. */
import { fillElement } from '../core/filled-element.js';
/** @import { Vec2 } from '../types.js' */

/**
 * @param {HTMLElement} element
 * @param {(size: Vec2) => void} onResize called with [width, height] in CSS px, before it is painted
 * @param {(context: CanvasRenderingContext2D) => void} paint in CSS px, on an empty canvas
 */
export function createSurface(element, onResize, paint) {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  element.prepend(canvas); // below what lies above the picture
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  let ratio = 1;

  function render() {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context);
  }
  const filling = fillElement(
    element,
    (size, nextRatio) => {
      ratio = nextRatio;
      [canvas.width, canvas.height] = size.map((px) => Math.round(px * ratio));
      onResize(size);
    },
    render,
  );
  return {
    ...filling,
    /** Paint now, so that the canvas can be read. */
    render,
    destroy() {
      filling.destroy();
      canvas.remove();
    },
  };
}
