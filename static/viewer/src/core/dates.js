/** Dates as every page writes them: in the reader's own zone, in the habit of the page's language. */

/** @type {Intl.DateTimeFormat | undefined} */
let format;

/** A date and time in words, as static/js/words.js writes them. @param {string} iso */
export function dateText(iso) {
  const locale = document.documentElement.lang.startsWith('zh') ? 'zh-CN' : 'en-GB';
  if (format?.resolvedOptions().locale !== locale)
    format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return format.format(new Date(iso));
}
