// What the server tells the page, and the words and numbers of its language.

export const config = JSON.parse(document.getElementById("config").textContent);

const locale = config.lang === "zh" ? "zh-CN" : "en-GB";
const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** The words of `key`, with its {placeholders} filled in; `fallback`, or the key itself, where there are none. */
export function t(key, values = {}, fallback = key) {
  const text = config.words[key] ?? fallback;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** 1536 -> "1.5 kB", in steps of 1024 like file managers. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** step;
  return `${value.toFixed(step > 0 && value < 100 ? 1 : 0)} ${units[step]}`;
}

/** 75 -> "1:15". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** An ISO date in the reader's own zone and habit. */
export function date(iso) {
  return dateFormat.format(new Date(iso));
}
