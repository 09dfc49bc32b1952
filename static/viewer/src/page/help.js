/** The sheet of keys and gestures, opened by "?" or its button; the browser's own dialog keeps the focus in it. */
import { button, make } from '../core/dom.js';

/** Rows: [keys as they stand on a keyboard, key of what they do in the texts]. */
const ROWS = {
  help_slices: [
    ['← ↑ ↓ →', 'help_move'],
    ['PgUp PgDn [ ]', 'help_scroll'],
    ['+ −', 'help_zoom'],
    ['0', 'help_reset'],
    ['Space', 'help_cine'],
  ],
  help_3d: [
    ['← ↑ ↓ →', 'help_turn'],
    ['A P L R S I', 'help_sides'],
    ['+ −', 'help_zoom'],
    ['0', 'help_reset'],
  ],
  help_page: [
    ['1 2 3 4', 'help_big'],
    ['M', 'help_mask'],
    ['O', 'help_outline'],
    ['W', 'help_window'],
    ['?', 'help_sheet'],
  ],
  help_mouse: [
    ['', 'help_mouse_left'],
    ['', 'help_mouse_right'],
    ['', 'help_mouse_wheel'],
    ['', 'help_mouse_double'],
  ],
  help_touch: [
    ['', 'help_touch_one'],
    ['', 'help_touch_two'],
    ['', 'help_touch_hold'],
    ['', 'help_touch_double'],
  ],
};

function section(texts, [title, rows]) {
  const lines = rows.map(([keys, text]) => {
    const caps = keys.split(/\s+/).filter(Boolean).map((key) => make('kbd', {}, key));
    return make('li', {}, make('span', { class: 'sv-keys' }, ...caps), make('span', {}, texts[text] ?? text));
  });
  return make('section', {}, make('h3', {}, texts[title] ?? title), make('ul', {}, ...lines));
}

/** Returns { open(), isOpen(), destroy() }. */
export function createHelp(parent, texts) {
  const close = button(texts.help_close, 'help-close', () => sheet.close(), { class: 'sv-button' });
  const sheet = make(
    'dialog',
    { class: 'sv-sheet', 'data-testid': 'help-sheet', 'aria-label': texts.help_title },
    make('header', {}, make('h2', {}, texts.help_title), close),
    make('div', { class: 'sv-sheet-columns' }, ...Object.entries(ROWS).map((entry) => section(texts, entry))),
  );
  parent.append(sheet);
  return {
    open() {
      if (!sheet.open) sheet.showModal();
    },
    isOpen: () => sheet.open,
    destroy: () => sheet.remove(),
  };
}
