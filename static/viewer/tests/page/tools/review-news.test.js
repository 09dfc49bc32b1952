// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import ReviewNotice from '../../../src/page/tools/review/ReviewNotice.vue';
import SideTabs from '../../../src/page/SideTabs.vue';
import ReviewTools from '../../../src/page/tools/ReviewTools.vue';
import { byTestId, mountInSession } from '../mounted.js';

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const viewer = { grid: { reviews_url: '/reviews' }, crosshair: { world: [1, 2, 3] }, resultId: () => 'm' };
const review = (/** @type {number} */ n, more = {}) => ({
  url: `/reviews/${n}`, verdict: 'needs_work', comment: `comment ${n}`, at_mm: [1, 2, 3], view: 'at=1,2,3',
  created_at: '2026-11-27T07:00:00Z', author: 'Dr Li', state: 'open', resolved_by: null, replies: [], ...more,
});

/** Reviews on a server that others write to. @param {object[]} listed */
function mounted(listed) {
  vi.stubGlobal('fetch', vi.fn(async (url, { method, body }) => {
    if (method === 'POST') listed.unshift(review(9, JSON.parse(body)));
    return new Response(JSON.stringify({ reviews: listed }), { headers: { 'Content-Type': 'application/json' } });
  }));
  const [onNews, onCounted] = [vi.fn(), vi.fn()];
  const props = { viewer, viewText: () => '', onNews, onCounted };
  return { ...mountInSession(ReviewTools, { reviews_version: '1' }, props), onNews, onCounted };
}

describe('what others write in the reviews', () => {
  it('is told once, with the number of those that are open; what was there before is not', async () => {
    const listed = [review(1), review(2, { verdict: 'accepted' })];
    const { state, onNews, onCounted } = mounted(listed);
    await settled();
    expect(onNews).not.toHaveBeenCalled();
    expect(onCounted).toHaveBeenLastCalledWith(1);
    listed.unshift(review(3));
    state.reviews_version = '2';
    await settled();
    expect(onNews.mock.lastCall[0]).toMatchObject({ author: 'Dr Li', comment: 'comment 3' });
    expect(onCounted).toHaveBeenLastCalledWith(2);
    listed[1] = review(1, { replies: [{ author: 'Dr Wang', comment: 'I agree', created_at: '2026-11-27T08:00:00Z' }] });
    state.reviews_version = '3';
    await settled();
    const told = onNews.mock.lastCall[0];
    expect(told).toMatchObject({ author: 'Dr Wang', comment: 'I agree', review: { url: '/reviews/1' } });
    listed[0] = review(3, { state: 'resolved' });
    state.reviews_version = '4';
    await settled();
    expect(onNews).toHaveBeenCalledTimes(2);
    expect(onCounted).toHaveBeenLastCalledWith(1);
  });

  it('is not what this page wrote itself', async () => {
    const { wrapper, state, onNews } = mounted([]);
    await settled();
    await byTestId(wrapper, 'review-needs_work').trigger('click');
    state.reviews_version = '2'; // the server tells while the answer is under way
    await settled();
    state.reviews_version = '3';
    await settled();
    expect(onNews).not.toHaveBeenCalled();
  });

  it('can be shown or put away', async () => {
    const [onShow, onClose] = [vi.fn(), vi.fn()];
    const news = { author: '10.0.0.7', comment: 'Look at L3', review: review(1) };
    const { wrapper } = mountInSession(ReviewNotice, {}, { news, onShow, onClose });
    expect(byTestId(wrapper, 'review-news').text()).toContain('New comment by a reader Look at L3');
    await byTestId(wrapper, 'review-news-show').trigger('click');
    expect(onShow).toHaveBeenCalledWith(news.review);
    await byTestId(wrapper, 'review-news-close').trigger('click');
    expect(onClose).toHaveBeenCalledOnce();
  });

  it('is counted on the tab where it can be read', () => {
    const { wrapper } = mountInSession(SideTabs, {}, { modelValue: true, counts: { share: 2 } });
    expect(byTestId(wrapper, 'tab-share-count').text()).toBe('2');
    expect(byTestId(wrapper, 'tab-share-count').attributes('aria-label')).toBe('Open comments: 2');
    expect(byTestId(wrapper, 'tab-result-count').exists()).toBe(false);
  });
});
