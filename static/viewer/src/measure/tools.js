/** The measuring tools and the list of measurements in the page's side bar. */
import { button, make } from '../core/dom.js';
import { KINDS, describe } from './math.js';

/**
 * Fill `slot`.
 *
 * @param {object} model of measurements.js
 * @param {(item: object) => void} show brings the panels to where a measurement lies
 */
export function createMeasureTools(slot, model, texts, show) {
  const tools = KINDS.map((kind) => button(texts[`measure_${kind}`], `measure-${kind}`, () => model.setTool(kind), { 'aria-pressed': 'false' }));
  const hint = make('p', { class: 'sv-faint', role: 'status', hidden: true });
  const list = make('ul', { class: 'sv-measure-list', 'data-testid': 'measurements', 'aria-label': texts.measurements });
  const csv = make('a', { class: 'sv-button', href: model.csvUrl, download: true, 'data-testid': 'measurements-csv', hidden: true }, texts.measure_csv);
  const nodes = [make('div', { class: 'sv-choice', role: 'group', 'aria-label': texts.measurements }, ...tools), hint, list, csv];
  slot.append(...nodes);

  function row(item) {
    const name = make('input', {
      type: 'text', maxlength: 120, value: item.label, placeholder: texts[`measure_${item.kind}`], 'aria-label': texts.measure_name,
      onchange: (event) => {
        item.label = event.target.value.trim();
        model.keep(item);
      },
    });
    const go = button(describe(item).join(' · '), 'measurement-value', () => {
      model.select(item);
      show(item);
    }, { class: 'sv-measure-value', title: texts.measure_show });
    const away = button('×', 'measurement-delete', () => model.remove(item), { 'aria-label': texts.measure_delete, title: texts.measure_delete });
    return make('li', { class: item === model.selected ? 'sv-selected' : '', 'data-kind': item.kind }, name, go, away);
  }

  function draw() {
    tools.forEach((node, n) => node.setAttribute('aria-pressed', String(KINDS[n] === model.tool)));
    hint.hidden = !model.tool;
    hint.textContent = model.tool ? texts[`measure_hint_${model.tool}`] : '';
    csv.hidden = !model.items.length;
    if (!list.contains(document.activeElement) || list.children.length !== model.items.length) list.replaceChildren(...model.items.map(row));
    else [...list.children].forEach((li, n) => (li.querySelector('.sv-measure-value').textContent = describe(model.items[n]).join(' · ')));
  }
  const end = model.onChange(draw);
  draw();
  return {
    destroy() {
      end();
      nodes.forEach((node) => node.remove());
    },
  };
}
