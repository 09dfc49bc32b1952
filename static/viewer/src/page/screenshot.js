/**
 * A panel, or all of them, painted into one canvas: the drawn picture and what lies above it (letters, scale,
 * crosshair, measurements), with a line that says what it must not be used for.
 */

const MARK_PX = 22; // CSS px of the line below
const WITH_BACKDROP = '.sv-3d, .sv-original-3d';

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** @param {HTMLElement} node */
const isVisible = (node) => {
  const box = node.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && getComputedStyle(node).visibility !== 'hidden';
};

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {HTMLElement} node whose text it is
 * @param {Box} box
 * @param {string} text
 */
function paintText(ctx, node, box, text) {
  const style = getComputedStyle(node);
  ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'center';
  ctx.lineWidth = 3;
  ctx.strokeStyle = 'rgba(0, 0, 0, 0.8)';
  ctx.fillStyle = style.color;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

/**
 * How each kind of thing above a picture is painted; `box` is where it lies on the canvas.
 *
 * @type {Record<string, (ctx: CanvasRenderingContext2D, node: HTMLElement, box: Box) => void>}
 */
const OVERLAY = {
  '.sv-line': (ctx, node, box) => {
    const style = getComputedStyle(node);
    ctx.globalAlpha = Number(style.opacity);
    ctx.fillStyle = style.backgroundColor;
    ctx.fillRect(box.x, box.y, box.width, box.height);
    ctx.globalAlpha = 1;
  },
  '.sv-letter, .sv-number, .sv-title, .sv-window, .sv-alias, .sv-name-3d, .sv-reformation': (ctx, node, box) =>
    paintText(ctx, node, box, node.textContent ?? ''),
  '.sv-scale': (ctx, node, box) => {
    paintText(ctx, node, { ...box, y: box.y - 3 }, node.textContent ?? '');
    ctx.fillRect(box.x, box.y + box.height - 2, box.width, 2);
  },
};

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Element} node an SVG text
 */
function paintSvgText(ctx, node) {
  const style = getComputedStyle(node);
  const [x, y] = ['x', 'y'].map((name) => Number(node.getAttribute(name)));
  const text = node.textContent ?? '';
  ctx.font = `${style.fontSize} ${style.fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.lineWidth = 3;
  ctx.strokeStyle = '#000';
  ctx.strokeText(text, x, y);
  ctx.fillStyle = style.fill;
  ctx.fillText(text, x, y);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Element} node an SVG line, circle or ellipse
 */
function paintSvgShape(ctx, node) {
  const style = getComputedStyle(node);
  /** @param {string} name */
  const n = (name) => Number(node.getAttribute(name));
  ctx.beginPath();
  if (node.tagName === 'line') {
    ctx.moveTo(n('x1'), n('y1'));
    ctx.lineTo(n('x2'), n('y2'));
  } else ctx.ellipse(n('cx'), n('cy'), n('rx') || n('r'), n('ry') || n('r'), 0, 0, 2 * Math.PI);
  if (style.stroke !== 'none') {
    ctx.strokeStyle = style.stroke;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  } else {
    ctx.fillStyle = style.fill;
    ctx.fill();
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Element} svg
 * @param {{x: number, y: number}} origin
 */
function paintShapes(ctx, svg, origin) {
  const box = svg.getBoundingClientRect();
  ctx.save();
  ctx.translate(box.x - origin.x, box.y - origin.y);
  svg.querySelectorAll('line, ellipse, circle:not(.sv-reach), text').forEach((node) => {
    if (node.tagName === 'text') paintSvgText(ctx, node);
    else paintSvgShape(ctx, node);
  });
  ctx.restore();
}

/**
 * What lies behind 3D, as panels.css has it.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {HTMLElement} panel
 * @param {number} left
 * @param {number} top
 */
function paintBackdrop(ctx, panel, left, top) {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const style = getComputedStyle(panel);
  const [x, y] = [left + width / 2, top + 0.38 * height];
  const gradient = ctx.createRadialGradient(x, y, 0, x, y, 0.78 * Math.hypot(width / 2, 0.62 * height));
  gradient.addColorStop(0, style.getPropertyValue('--backdrop'));
  gradient.addColorStop(1, style.getPropertyValue('--viewport'));
  ctx.fillStyle = gradient;
  ctx.fillRect(left, top, width, height);
}

/**
 * Paint `panel` (its section in the page) where it lies relative to `origin`.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {HTMLElement} panel
 * @param {{x: number, y: number}} origin
 * @param {() => void} render draws it, now
 */
function paintPanel(ctx, panel, origin, render) {
  const whole = panel.getBoundingClientRect();
  /** @param {Element} node */
  const local = (node) => {
    const { x, y, width, height } = node.getBoundingClientRect();
    return { x: x - origin.x, y: y - origin.y, width, height };
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(whole.x - origin.x, whole.y - origin.y, whole.width, whole.height);
  ctx.clip();
  ctx.fillStyle = getComputedStyle(panel).backgroundColor;
  ctx.fill();
  if (panel.matches(WITH_BACKDROP)) paintBackdrop(ctx, panel, whole.x - origin.x, whole.y - origin.y);
  // A drawn picture is gone once the browser has shown it: it must be drawn and read in one go.
  render();
  panel.querySelectorAll('canvas').forEach((canvas) => {
    const box = local(canvas);
    ctx.drawImage(canvas, box.x, box.y, box.width, box.height);
  });
  Object.entries(OVERLAY).forEach(([kind, paint]) =>
    /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll(kind)).forEach((node) => {
      if (isVisible(node)) paint(ctx, node, local(node));
    }),
  );
  panel.querySelectorAll('svg.sv-measures:not(.sv-clip)').forEach((svg) => paintShapes(ctx, svg, origin));
  ctx.restore();
}

/**
 * @param {{panel: HTMLElement, render: () => void}[]} parts what is painted
 * @param {DOMRect} frame the part of the page
 * @param {string} mark said below the picture
 * @param {object} how
 * @param {HTMLCanvasElement} [how.canvas] painted on; made if there is none
 * @param {number} [how.ratio] pixels of it a CSS px
 */
export function paintPicture(parts, frame, mark, how = {}) {
  const style = getComputedStyle(parts[0].panel); // black in every theme, and so is its picture
  const { canvas = document.createElement('canvas'), ratio = Math.min(window.devicePixelRatio || 1, 2) } = how;
  const size = [frame.width, frame.height + MARK_PX].map((n) => Math.round(n * ratio));
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.fillStyle = style.backgroundColor;
  ctx.fillRect(0, 0, frame.width, frame.height + MARK_PX);
  parts.forEach(({ panel, render }) => paintPanel(ctx, panel, frame, render));
  ctx.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = style.getPropertyValue('--caption');
  ctx.fillText(mark, 8, frame.height + MARK_PX / 2, frame.width - 16);
  return canvas;
}

/**
 * Hand `blob` to the user as a file.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
