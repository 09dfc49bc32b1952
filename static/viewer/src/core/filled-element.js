/** Drawing that fills an element: sized with it, and drawn at most once a frame. */
/** @import { Vec2 } from '../types.js' */

const MOST_RATIO = 2; // pixels a CSS px: more are not seen

/**
 * Follow the size of `element`. Nothing is drawn while it is smaller than 2 px.
 *
 * @param {HTMLElement} element
 * @param {(size: Vec2, ratio: number) => void} onResize called with [width, height] in CSS px and the screen's pixels a
 *   CSS px, before it is drawn
 * @param {() => void} render
 */
export function fillElement(element, onResize, render) {
  let frame = 0;
  /** @type {Vec2} */
  let size = [0, 0];
  const isEmpty = () => size[0] < 2 || size[1] < 2;

  function draw() {
    if (frame || isEmpty()) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      render();
    });
  }
  function start() {
    /** @type {Vec2} */
    const next = [element.clientWidth, element.clientHeight];
    if (next[0] === size[0] && next[1] === size[1]) return;
    size = next;
    if (isEmpty()) return;
    onResize(size, Math.min(window.devicePixelRatio || 1, MOST_RATIO));
    draw();
  }
  const observer = new ResizeObserver(start);
  observer.observe(element);
  return {
    /** [width, height] in CSS px. */
    size: () => size,
    /** Take the size over that the element has now. */
    start,
    /** Draw once in the next frame. */
    draw,
    destroy() {
      observer.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
