/** The program's measure above one slice, as SVG: its lines, those that help to read it, its value, its handles. */
import { followPointer, svg } from '../../core/dom.js';
import { AXES } from '../../core/vectors.js';
import { extensions } from '../shapes.js';
import { drawnValue } from './formulas.js';
/**
 * @import { Crosshair, DrawnMeasure, MeasurablePanel, Vec2, Vec3 } from '../../types.js'
 * @import { Drawn } from './model.js'
 */

const NEAR_MM = 6; // of the slice: a diameter is drawn on it
const ANGLES = ['cobb', 'lordosis', 'kyphosis'];

/** The middle of a measure's lines. @param {DrawnMeasure} item @returns {Vec3} */
export function middleOf({ lines }) {
  const points = lines.flat();
  return AXES.map((n) => points.reduce((sum, point) => sum + point[n], 0) / points.length);
}

/** Value and unit in words; of lines that are being moved, what they amount to. @param {DrawnMeasure} item */
export function drawnText({ formula, lines, text, unit, digits, isMoved }) {
  const value = isMoved ? drawnValue(formula, lines) : null;
  return value === null ? text : `${value.toFixed(digits)}${unit}`.replace('-', '−');
}

/** @param {Vec2} from @param {Vec2} to @param {string} name */
const lineNode = ([x1, y1], [x2, y2], name) => svg('line', { x1, y1, x2, y2, class: name });

/**
 * Whether a panel shows a measure now. Lines of angles are seen on every slice of their plane, as on a radiograph.
 *
 * @param {DrawnMeasure} item
 * @param {MeasurablePanel} panel
 * @param {Crosshair} crosshair
 */
function isSeen(item, panel, crosshair) {
  if (item.plane !== panel.plane) return false;
  if (ANGLES.includes(item.formula)) return true;
  const along = item.lines.flat().map((point) => point[panel.axis]);
  const place = crosshair.world[panel.axis];
  return place > Math.min(...along) - NEAR_MM && place < Math.max(...along) + NEAR_MM;
}

/**
 * The words beside the last line's middle, inside of the panel.
 *
 * @param {DrawnMeasure} item
 * @param {MeasurablePanel} panel
 * @param {number} width of the panel, px
 */
function label(item, panel, width) {
  const line = item.lines[item.lines.length - 1].map(panel.toScreen);
  const [x, y] = [0, 1].map((n) => (line[0][n] + line[1][n]) / 2);
  const isRight = x > width * 0.55;
  const place = { x: x + (isRight ? -14 : 14), y: y + 5, 'text-anchor': isRight ? 'end' : 'start' };
  return svg('text', { ...place, 'data-testid': 'drawn-text' }, `${item.name} ${drawnText(item)}`);
}

/**
 * @param {HTMLElement} element the panel's host
 * @param {MeasurablePanel} panel
 * @param {Crosshair} crosshair
 * @param {Drawn} model
 */
export function createDrawnLayer(element, panel, crosshair, model) {
  const content = svg('g');
  const layer = svg('svg', { class: 'sv-measures sv-drawn-layer', 'data-testid': `drawn-${panel.plane}` }, content);
  element.append(layer);

  const at = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return /** @type {Vec2} */ ([event.clientX - box.left, event.clientY - box.top]);
  };

  /** @type {(line: number, end: number) => (event: PointerEvent) => void} */
  const drag = (line, end) => (event) => {
    if (event.button > 0 || !model.shown) return;
    event.stopPropagation();
    event.preventDefault();
    const depth = model.shown.lines[line][end][panel.axis]; // the end stays at its depth
    followPointer((to) => {
      const place = panel.toWorld(at(to));
      place[panel.axis] = depth;
      model.move(line, end, place);
    }, model.keep);
  };

  function draw() {
    const item = model.shown;
    content.replaceChildren();
    if (!item || !isSeen(item, panel, crosshair)) return;
    const onScreen = item.lines.map((line) => line.map(panel.toScreen));
    const guides = item.guides.map(([from, to]) => lineNode(panel.toScreen(from), panel.toScreen(to), 'sv-guide'));
    const lines = onScreen.map(([from, to]) => lineNode(from, to, 'sv-drawn-line'));
    const beyond = ANGLES.includes(item.formula) ? extensions(/** @type {Vec2[]} */ (onScreen.flat())) : [];
    const handles = item.canEdit
      ? onScreen.flatMap((line, n) =>
          line.map(([cx, cy], end) =>
            svg(
              'g',
              { class: 'sv-handle', 'data-testid': 'drawn-handle', onpointerdown: drag(n, end) },
              svg('circle', { cx, cy, r: 22, class: 'sv-reach' }),
              svg('circle', { cx, cy, r: 5 }),
            ),
          ),
        )
      : [];
    const words = label(item, panel, element.clientWidth);
    content.append(svg('g', { class: 'sv-measure sv-drawn' }, ...guides, ...beyond, ...lines, words, ...handles));
  }

  const ends = [panel.watch(draw), model.onChange(draw)];
  draw();
  return {
    destroy() {
      ends.forEach((end) => end());
      layer.remove();
    },
  };
}
