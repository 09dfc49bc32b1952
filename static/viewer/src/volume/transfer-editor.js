/**
 * The transfer function as a drawing over the scan's histogram: opacity points on a curve, colour points on a bar.
 *
 * Drag or arrow keys move a point, a double click (or double tap) adds one, Delete or a double click on it removes it.
 */
import { make, svg } from '../core/dom.js';
import { AXIS, addPoint, fromHex, histogram, movePoint, removePoint, toHex, valueAt } from './transfer-points.js';

const [W, H, BAR] = [280, 110, 22]; // drawn units; the picture scales with its column
const STEPS = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, 0.02], ArrowDown: [0, -0.02] };
let serial = 0;

const xOf = (hu) => ((hu - AXIS[0]) / (AXIS[1] - AXIS[0])) * W;
const huOf = (x) => AXIS[0] + (x / W) * (AXIS[1] - AXIS[0]);
// The root spreads low opacities, where a hundredth is seen.
const yOf = (opacity) => H - Math.sqrt(opacity) * (H - 6);
const opacityOf = (y) => Math.min(1, Math.max(0, (H - y) / (H - 6))) ** 2;

/**
 * @param {object} texts transfer, opacity_point, colour_point, add_hint
 * @param {(transfer: object) => void} onChange called with a new transfer function at each change
 * Returns { element, setHistogram(values), show(transfer | null) }.
 */
export function createTransferEditor(texts, onChange) {
  let transfer = null;
  const gradientId = `sv-transfer-${(serial += 1)}`;
  const bars = svg('path', { class: 'sv-tf-histogram' });
  const curve = svg('path', { class: 'sv-tf-curve' });
  const gradient = svg('linearGradient', { id: gradientId });
  const dots = svg('g');
  const stops = svg('g');
  const chart = svg(
    'svg',
    { viewBox: `-8 -4 ${W + 16} ${H + BAR + 26}`, class: 'sv-tf', 'data-testid': 'transfer-editor', role: 'group', 'aria-label': texts.transfer },
    svg('defs', {}, gradient),
    svg('rect', { x: 0, y: 0, width: W, height: H, class: 'sv-tf-field', ondblclick: addOpacity, 'data-testid': 'transfer-field' }),
    bars,
    curve,
    svg('rect', { x: 0, y: H + 6, width: W, height: BAR, fill: `url(#${gradientId})`, ondblclick: addColour, 'data-testid': 'transfer-colours' }),
    ...[-1000, 0, 1000, 2000, 3000].map((hu) => svg('text', { x: xOf(hu), y: H + BAR + 19, class: 'sv-tf-tick' }, String(hu))),
    dots,
    stops,
  );
  const picker = make('input', { type: 'color', class: 'sv-tf-picker', 'aria-label': texts.colour_point, oninput: pick, 'data-testid': 'transfer-colour' });
  const readout = make('span', { class: 'sv-figure', 'aria-live': 'polite' });
  let selected = 0; // colour point shown by the picker

  function place(event) {
    const box = chart.getBoundingClientRect();
    const scale = (W + 16) / box.width;
    return [huOf((event.clientX - box.left) * scale - 8), opacityOf((event.clientY - box.top) * scale - 4)];
  }

  function change(next) {
    transfer = { ...transfer, ...next };
    draw();
    onChange(transfer);
  }

  function addOpacity(event) {
    if (!transfer) return;
    const [hu, opacity] = place(event);
    change({ opacities: addPoint(transfer.opacities, hu, [opacity]).points });
  }

  function addColour(event) {
    if (!transfer) return;
    const [hu] = place(event);
    const { points, index } = addPoint(transfer.colours, hu, valueAt(transfer.colours, hu));
    selected = index;
    change({ colours: points });
  }

  function pick() {
    if (!transfer) return;
    change({ colours: transfer.colours.map((point, n) => (n === selected ? [point[0], ...fromHex(picker.value)] : point)) });
  }

  /** Move point `n` of list `name` by hand or by key; colours keep their colour. */
  function moveTo(name, n, hu, opacity) {
    const rest = name === 'opacities' ? [opacity] : transfer.colours[n].slice(1);
    change({ [name]: movePoint(transfer[name], n, hu, rest) });
  }

  function remove(name, n) {
    selected = 0;
    change({ [name]: removePoint(transfer[name], n) });
  }

  function handle(name, n, shape) {
    const focus = () => (name === 'colours' ? stops : dots).children[n]?.focus();
    // Each move draws the handles anew, so the window listens, not the handle.
    const drag = () => {
      const move = (to) => moveTo(name, n, ...place(to));
      const ends = ['pointerup', 'pointercancel'];
      const end = () => {
        window.removeEventListener('pointermove', move);
        ends.forEach((type) => window.removeEventListener(type, end));
        focus();
      };
      window.addEventListener('pointermove', move);
      ends.forEach((type) => window.addEventListener(type, end));
    };
    const key = (event) => {
      const [hu, opacity = 0] = transfer[name][n];
      if (event.key === 'Delete' || event.key === 'Backspace') remove(name, n);
      else if (STEPS[event.key]) {
        const [dx, dy] = STEPS[event.key];
        moveTo(name, n, hu + dx, Math.min(1, Math.max(0, opacity + dy)));
      } else return;
      event.preventDefault();
      event.stopPropagation();
      focus();
    };
    const listeners = {
      onpointerdown: drag,
      onkeydown: key,
      ondblclick: (event) => {
        event.stopPropagation();
        remove(name, n);
      },
      onfocus: () => {
        if (name === 'colours') selected = n;
        tell(name, n);
      },
    };
    Object.entries(listeners).forEach(([on, listener]) => shape.addEventListener(on.slice(2), listener));
    return shape;
  }

  function tell(name, n) {
    const [hu, opacity] = transfer[name][n] ?? transfer[name][0];
    readout.textContent = name === 'opacities' ? `${hu} HU · ${(100 * opacity).toFixed(1)} %` : `${hu} HU`;
    if (name === 'colours') picker.value = toHex(transfer.colours[n].slice(1));
  }

  function label(text, hu, now, most) {
    return { tabindex: 0, role: 'slider', 'aria-label': text, 'aria-valuemin': 0, 'aria-valuemax': most, 'aria-valuenow': now, 'aria-valuetext': `${hu} HU, ${now}` };
  }

  const dot = (cx, cy, attributes) =>
    svg('g', { class: 'sv-tf-dot', ...attributes }, svg('circle', { cx, cy, r: 13, class: 'sv-tf-reach' }), svg('circle', { cx, cy, r: 6 }));

  function draw() {
    chart.toggleAttribute('hidden', !transfer);
    if (!transfer) return;
    const { opacities, colours } = transfer;
    const inner = opacities.map(([hu, opacity]) => `L${xOf(hu).toFixed(1)} ${yOf(opacity).toFixed(1)}`).join('');
    curve.setAttribute('d', `M0 ${yOf(opacities[0][1])}${inner}L${W} ${yOf(opacities.at(-1)[1])}`);
    dots.replaceChildren(
      ...opacities.map(([hu, opacity], n) =>
        handle('opacities', n, dot(xOf(hu), yOf(opacity), label(texts.opacity_point, hu, Math.round(100 * opacity), 100))),
      ),
    );
    gradient.replaceChildren(...colours.map(([hu, ...rgb]) => svg('stop', { offset: xOf(hu) / W, 'stop-color': toHex(rgb) })));
    stops.replaceChildren(
      ...colours.map(([hu, ...rgb], n) =>
        handle('colours', n, svg('rect', { x: xOf(hu) - 5, y: H + 3, width: 10, height: BAR + 6, rx: 3, fill: toHex(rgb), class: 'sv-tf-stop', ...label(texts.colour_point, hu, n + 1, colours.length) })),
      ),
    );
    selected = Math.min(selected, colours.length - 1);
    picker.value = toHex(colours[selected].slice(1));
  }

  draw();
  return {
    element: make('div', { class: 'sv-tf-box' }, chart, make('div', { class: 'sv-row sv-faint' }, make('label', { class: 'sv-tf-pick' }, picker, texts.colour_point), readout), make('p', { class: 'sv-faint' }, texts.add_hint)),
    setHistogram(values) {
      const heights = histogram(values);
      const width = W / heights.length;
      bars.setAttribute('d', heights.map((h, n) => `M${(n * width).toFixed(1)} ${H}v${(-h * (H - 6)).toFixed(1)}h${width.toFixed(2)}V${H}z`).join(''));
    },
    show(next) {
      transfer = next;
      selected = 0;
      draw();
    },
  };
}
