/** What belongs to the page rather than to its panels: reviews and the link, the help sheet, and keys for all of it. */
import { PLANE_NAMES } from '../core/geometry.js';
import { createHelp } from './help.js';
import { listenToKeys } from '../input/shortcuts.js';
import { decodeView } from '../data/view-state.js';
import { createReview } from './review.js';

const BIG = [...PLANE_NAMES, 'volume']; // by the keys 1 to 4

/**
 * @param {object} page the component
 * @param {object} grid display.json
 * @param {(name: string) => ?Element} slot places in the page for tools
 */
export function createExtras(page, grid, slot) {
  const { texts, viewer } = page;
  const ends = [];
  const place = slot('review-tools');
  if (place) {
    const review = createReview(
      place,
      {
        url: grid.reviews_url,
        at: () => viewer.crosshair.world,
        view: () => page.viewText(),
        maskId: () => viewer.resultId(),
        show: (view) => page.show(decodeView(view)),
        failed: (error) => page.$emit('failed', error.message),
      },
      texts,
    );
    ends.push(review.destroy);
  }
  const help = createHelp(page.$el, texts);
  const opener = document.querySelector('[data-testid="help-button"]');
  opener?.addEventListener('click', help.open);
  ends.push(() => opener?.removeEventListener('click', help.open), help.destroy);

  const pressed = (name) => () => page.$emit('pressed', name);
  const big = Object.fromEntries(BIG.map((name, n) => [String(n + 1), () => page.toggle(name)]));
  const keys = { '?': help.open, m: pressed('masks'), o: pressed('outline'), w: pressed('window'), ...big };
  ends.push(listenToKeys(keys, help.isOpen));
  return { destroy: () => ends.forEach((end) => end()) };
}
