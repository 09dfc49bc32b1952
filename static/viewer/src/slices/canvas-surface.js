/** One 2D canvas filling an element, sized with it and painted on demand; the counterpart of render-window.js without WebGL2. */

/**
 * @param {(size: number[]) => void} onResize called with [width, height] in CSS px, before it is painted
 * @param {(context: CanvasRenderingContext2D) => void} paint in CSS px, on an empty canvas
 */
export function createSurface(element, onResize, paint) {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  element.prepend(canvas); // below what lies above the picture
  const context = canvas.getContext('2d');
  let size = [0, 0];
  let ratio = 1;
  let frame = 0;

  function render() {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context);
  }
  function draw() {
    if (frame || size[0] < 2 || size[1] < 2) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      render();
    });
  }
  function start() {
    const next = [element.clientWidth, element.clientHeight];
    if (next[0] === size[0] && next[1] === size[1]) return;
    size = next;
    if (size[0] < 2 || size[1] < 2) return;
    ratio = Math.min(window.devicePixelRatio || 1, 2);
    [canvas.width, canvas.height] = size.map((px) => Math.round(px * ratio));
    onResize(size);
    draw();
  }
  const observer = new ResizeObserver(start);
  observer.observe(element);
  return {
    size: () => size,
    start,
    draw,
    render,
    destroy() {
      observer.disconnect();
      cancelAnimationFrame(frame);
      canvas.remove();
    },
  };
}
