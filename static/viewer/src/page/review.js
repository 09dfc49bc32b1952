/** Reviews in the page's side bar: a verdict with a comment at the crosshair, those given before, and a link to what is seen. */
import { button, make } from '../core/dom.js';
import { axisText } from '../core/geometry.js';

const HEADERS = { 'Content-Type': 'application/json' };
const VERDICTS = ['accepted', 'needs_work'];

/** A place in words, rounded to mm: "R 12  A 4  S 88". */
const placeText = (at) => at.map((mm, axis) => axisText(axis, mm)).join('  ');

async function ask(url, method = 'GET', body = undefined) {
  const response = await fetch(url, { method, credentials: 'same-origin', headers: body && HEADERS, body: body && JSON.stringify(body) });
  const said = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(said?.error?.message ?? String(response.status));
  return said;
}

/** Copy `field`'s text also where the browser gives pages without HTTPS no clipboard. */
function copy(field) {
  field.select();
  return document.execCommand('copy');
}

/**
 * Fill `slot`.
 *
 * @param {object} page { url of the reviews, at() RAS+ mm, view() as view-state.js writes it, maskId() or null, show(view), failed(error) }
 */
export function createReview(slot, page, texts) {
  const comment = make('textarea', {
    rows: 2, maxlength: 2000, 'aria-label': texts.review_comment, placeholder: texts.review_comment, 'data-testid': 'review-comment',
  });
  const buttons = VERDICTS.map((verdict) => button(texts[`review_${verdict}`], `review-${verdict}`, () => give(verdict), { class: 'sv-button' }));
  const list = make('ul', { class: 'sv-reviews', 'data-testid': 'reviews', 'aria-label': texts.reviews });
  const link = make('input', { type: 'text', readonly: true, hidden: true, class: 'sv-link', 'aria-label': texts.link, 'data-testid': 'link' });
  const said = make('p', { class: 'sv-faint', role: 'status' });
  const nodes = [
    comment,
    make('div', { class: 'sv-pair' }, ...buttons),
    list,
    button(texts.link_copy, 'link-copy', share, { class: 'sv-button' }),
    link,
    said,
  ];
  slot.append(...nodes);

  function row(review) {
    const go = button(placeText(review.at_mm), 'review-go', () => page.show(review.view), { title: texts.review_show });
    const away = button('×', 'review-delete', () => remove(review), { 'aria-label': texts.review_delete, title: texts.review_delete });
    return make(
      'li',
      { 'data-verdict': review.verdict },
      make('strong', {}, texts[`review_${review.verdict}`]),
      make('time', { datetime: review.created_at, class: 'sv-faint' }, new Date(review.created_at).toLocaleString(document.documentElement.lang)),
      away,
      make('p', {}, review.comment),
      go,
    );
  }

  async function attempt(act) {
    try {
      await act();
      list.replaceChildren(...(await ask(page.url)).reviews.map(row));
    } catch (error) {
      page.failed(error);
    }
  }
  const remove = (review) => attempt(() => ask(review.url, 'DELETE'));
  const give = (verdict) =>
    attempt(async () => {
      await ask(page.url, 'POST', { verdict, comment: comment.value, at_mm: page.at(), view: page.view(), mask_id: page.maskId() });
      comment.value = '';
    });

  function share() {
    link.value = `${window.location.origin}${window.location.pathname}#${page.view()}`;
    link.hidden = false;
    said.textContent = copy(link) ? texts.link_copied : texts.link_here;
  }

  attempt(() => {});
  return { destroy: () => nodes.forEach((node) => node.remove()) };
}
