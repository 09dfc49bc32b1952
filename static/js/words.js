// The page's configuration, and the words and numbers of its language.

import { byId } from "./dom.js";

/**
 * @typedef {object} Config what the server writes into a page; some pages have only a part of it
 * @property {string} lang
 * @property {Record<string, string>} words
 * @property {string[]} suffixes
 * @property {number} max_upload_bytes
 * @property {string[]} rights
 * @property {string} next where to go on after signing in
 * @property {string} study
 * @property {string} own id of the account of whoever reads the page
 */
/** @type {Config} */
export const config = JSON.parse(byId("config").textContent ?? "");

const locale = config.lang === "zh" ? "zh-CN" : "en-GB";
const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/**
 * The words of a key, with their {placeholders} filled in.
 *
 * @param {string} key
 * @param {Record<string, unknown>} values of the placeholders
 * @param {string} fallback where there are no words
 */
export function t(key, values = {}, fallback = key) {
  const text = config.words[key] ?? fallback;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** 1536 -> "1.5 kB", in steps of 1024 like file managers. @param {number} count */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** step;
  return `${value.toFixed(step > 0 && value < 100 ? 1 : 0)} ${units[step]}`;
}

/** 75 -> "1:15". @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** [0.5, 0.5, 1.25] -> "0.5 × 0.5 × 1.25 mm". @param {number[]} mm */
export function spacing(mm) {
  return `${mm.map((length) => Number(length.toFixed(2))).join(" × ")} mm`;
}

/** An ISO date in the reader's own zone and habit. @param {string} iso */
export function date(iso) {
  return dateFormat.format(new Date(iso));
}
