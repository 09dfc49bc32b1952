// Searching an archive. Every text that comes from there is set as text, never as markup.

import { request } from "./api.js";
import { at, byId, copyOfTemplate, descendant, elementById, part } from "./dom.js";
import { follow } from "./fetching.js";
import { naming } from "./naming.js";
import * as refusal from "./refusal.js";
import { t } from "./words.js";

/** @typedef {{patient_name: string, patient_id: string, description: string, date: string}} FoundWords */
/** @typedef {FoundWords & {uid: string, modalities: string[], images: number | null}} FoundStudy */
/**
 * @typedef {object} FoundSeries
 * @property {string} uid
 * @property {number | null} number
 * @property {string} description
 * @property {string} modality
 * @property {string} body_part
 * @property {number | null} images
 */

const form = elementById("search", HTMLFormElement);
const found = byId("found");
const status = byId("said");
let searches = 0; // an answer that comes after a newer search is dropped

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const search = ++searches;
  const { pacs, ...wanted } = Object.fromEntries(new FormData(form));
  refusal.hide();
  found.replaceChildren();
  status.textContent = t("pacs.searching");
  const button = descendant(form, "button", HTMLButtonElement);
  button.disabled = true;
  try {
    const body = await ask(`${address(String(pacs))}/search`, "POST", wanted);
    if (search !== searches || body === null) return;
    status.textContent = body.studies.length ? t("pacs.found", { count: body.studies.length }) : t("pacs.nothing");
    found.replaceChildren(...body.studies.map((/** @type {FoundStudy} */ study) => studyRow(String(pacs), study)));
  } finally {
    button.disabled = false;
    if (status.textContent === t("pacs.searching")) status.textContent = "";
  }
});

/** @param {string} pacs name of an archive */
const address = (pacs) => at(`/api/v1/pacs/${encodeURIComponent(pacs)}`);

/**
 * The JSON of an answer; null after a refusal, which is then on the page.
 *
 * @param {string} url
 * @param {string} [method]
 * @param {object} [body]
 */
async function ask(url, method, body) {
  try {
    return await request(url, method, body);
  } catch (error) {
    refusal.showError(error);
    return null;
  }
}

/** A copy of a template with texts in its parts. @param {string} id @param {Record<string, unknown>} texts by part */
function filled(id, texts) {
  const row = copyOfTemplate(id);
  for (const [name, text] of Object.entries(texts)) part(row, name).textContent = String(text ?? "");
  return row;
}

/** @param {number | null} count */
const images = (count) => (count === null ? "" : t("pacs.images", { count }));

/** @param {string} pacs @param {FoundStudy} study */
function studyRow(pacs, study) {
  const row = filled("found-study", {
    patient: study.patient_name || t("pacs.unnamed"),
    id: study.patient_id,
    description: study.description,
    date: study.date,
    modalities: study.modalities.join(" "),
    images: images(study.images),
  });
  const head = descendant(row, ".found-head", HTMLElement);
  const list = descendant(row, ".found-series", HTMLElement);
  head.addEventListener("click", async () => {
    const open = head.getAttribute("aria-expanded") === "true";
    head.setAttribute("aria-expanded", String(!open));
    list.hidden = open;
    if (open || list.childElementCount) return;
    const body = await ask(`${address(pacs)}/studies/${study.uid}/series`);
    if (!body) return;
    list.replaceChildren(...body.series.map((/** @type {FoundSeries} */ series) => seriesRow(pacs, study, series)));
  });
  return row;
}

/** @param {string} pacs @param {FoundStudy} study @param {FoundSeries} series */
function seriesRow(pacs, study, series) {
  const row = filled("found-one-series", {
    number: series.number,
    description: series.description || series.modality,
    modality: [series.modality, series.body_part].filter(Boolean).join(" · "),
    images: images(series.images),
  });
  const button = descendant(row, "[data-part=fetch]", HTMLButtonElement);
  button.hidden = series.modality !== "CT"; // nothing else can be segmented
  button.addEventListener("click", async () => {
    refusal.hide();
    button.disabled = true;
    const { group } = naming();
    const wanted = { study_uid: study.uid, series_uid: series.uid, ...(group && { group }) };
    const transfer = await ask(`${address(pacs)}/fetch`, "POST", wanted);
    button.disabled = false;
    if (transfer) follow(row, transfer);
  });
  return row;
}
