/** What other people wrote in the reviews of a study since they were read last. */
/** @import { Review } from './ReviewThread.vue' */

/** @typedef {{author: string, comment: string, review: Review}} News a review, or an answer to it */

/**
 * Every review and every answer, by an address of its own.
 *
 * @param {Review[]} reviews
 * @returns {[string, News][]}
 */
const entries = (reviews) =>
  reviews.flatMap((review) => [
    /** @type {[string, News]} */ ([review.url, { author: review.author, comment: review.comment, review }]),
    ...(review.replies ?? []).map(({ author, comment }, n) =>
      /** @type {[string, News]} */ ([`${review.url}#${n}`, { author, comment, review }])),
  ]);

/** Tells what is new in each list of reviews: nothing in the first. */
export function createNews() {
  /** @type {?Set<string>} */
  let known = null;
  /** @param {Review[]} reviews @returns {?News} what was written last, if anything is new */
  return (reviews) => {
    const all = entries(reviews);
    const fresh = known && all.filter(([key]) => !known?.has(key));
    known = new Set(all.map(([key]) => key));
    return fresh?.at(0)?.[1] ?? null;
  };
}

/** How many reviews ask for work and are not settled. @param {Review[]} reviews */
export const openCount = (reviews) =>
  reviews.filter(({ verdict, state }) => verdict === 'needs_work' && state === 'open').length;

/**
 * Who wrote something; a server without accounts knows addresses only.
 *
 * @param {?string} name
 * @param {Record<string, string>} texts
 */
export const personText = (name, texts) => (!name || /^[\d.]+$|:/.test(name) ? texts['measures.reader'] : name);
