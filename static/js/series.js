// Which series of an upload to segment: the proposed one is chosen already, another may be.

import { ApiError, problemOf, request } from "./api.js";
import { at, byId, copyOfTemplate, descendant, elementById, part } from "./dom.js";
import { forgetAlias, naming } from "./naming.js";
import { spacing, t } from "./words.js";

/** @import { Note, Series, Study, Upload } from "./api.js" */

const API = at("/api/v1/imports");
const dialog = elementById("series-dialog", HTMLDialogElement);
const list = byId("series-list");
const use = elementById("series-use", HTMLButtonElement);
const cancel = elementById("series-cancel", HTMLButtonElement);
let uploadId = ""; // whose series are shown
/** @type {(study: Study) => void} */
let onStudy = () => {};
let busy = false;

byId("series-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy) makeStudy();
});
cancel.addEventListener("click", giveUp);
dialog.addEventListener("cancel", (event) => {
  event.preventDefault(); // the Escape key
  if (!busy) giveUp();
});
list.addEventListener("change", () => (use.disabled = false));

const chosen = () => /** @type {HTMLInputElement | null} */ (list.querySelector("input:checked"));

/**
 * Show the series of an upload.
 *
 * @param {Upload} upload
 * @param {(study: Study) => void} onMade called with the study that was made
 */
export function choose(upload, onMade) {
  uploadId = upload.id;
  onStudy = onMade;
  byId("series-identity").textContent = t(upload.keep_identity ? "series.kept" : "series.removed");
  fill(byId("series-notes"), upload.notes);
  const unusable = (/** @type {Series} */ series) => (series.problem ? 2 : 1);
  const rank = (/** @type {Series} */ series) => (series.proposed ? 0 : unusable(series));
  const ordered = [...upload.series].sort((one, other) => rank(one) - rank(other));
  list.replaceChildren(...ordered.map(row));
  use.disabled = !ordered[0]?.proposed;
  byId("series-error").hidden = true;
  setBusy(false);
  dialog.showModal();
  (chosen() ?? cancel).focus();
}

/** @param {Series} series */
function row(series) {
  const item = copyOfTemplate("series-row");
  const radio = descendant(item, "input", HTMLInputElement);
  radio.value = series.key;
  radio.checked = series.proposed;
  radio.disabled = series.problem !== null;
  descendant(item, ".series-row", HTMLElement).classList.toggle("refused", radio.disabled);
  part(item, "description").textContent = series.description || t("series.unnamed");
  part(item, "number").textContent = series.number ? t("series.number", { number: series.number }) : "";
  part(item, "proposed").hidden = !series.proposed;
  part(item, "facts").textContent = facts(series).join(" · ");
  part(item, "reasons").textContent = series.reasons.map(words).join(" · ");
  part(item, "problem").textContent = series.problem?.message ?? "";
  part(item, "notes").textContent = series.notes.map(words).join(" ");
  const picture = descendant(item, "img", HTMLImageElement);
  if (series.thumbnail_url) picture.src = series.thumbnail_url;
  else picture.remove();
  return item;
}

/** @param {Series} series */
function facts(series) {
  const all = series.modality ? [series.modality] : [];
  if (series.images) all.push(t("series.images", { count: series.images }));
  if (series.spacing_mm) all.push(spacing(series.spacing_mm));
  if (series.kernel) all.push(t("series.kernel", { kernel: series.kernel }));
  return all;
}

/** A note in the page's language; the server's sentence where there are no words for it. @param {Note} note */
export function words(note) {
  return t(`note.${note.code}`, note.values, note.message);
}

/**
 * Show notes as items of a list, which is hidden where there are none.
 *
 * @param {HTMLElement} target
 * @param {Note[]} notes
 */
export function fill(target, notes) {
  const items = notes.map((note) => Object.assign(document.createElement("li"), { textContent: words(note) }));
  target.replaceChildren(...items);
  target.hidden = items.length === 0;
}

async function makeStudy() {
  const series = chosen()?.value;
  if (series === undefined) return;
  setBusy(true);
  const error = byId("series-error");
  error.hidden = true;
  try {
    const study = await request(`${API}/${uploadId}/studies`, "POST", { series, ...naming() });
    forgetAlias();
    dialog.close();
    onStudy(study);
  } catch (reason) {
    const { code, message, hint } = reason instanceof ApiError ? reason : problemOf(null);
    error.textContent = [t(`error.${code}`, {}, t("error.title")), message, hint].join(" — ");
    error.hidden = false;
  } finally {
    setBusy(false);
  }
}

function giveUp() {
  dialog.close();
  fetch(`${API}/${uploadId}`, { method: "DELETE", keepalive: true }).catch(() => {}); // else it expires
}

/** @param {boolean} now */
function setBusy(now) {
  busy = now;
  dialog.setAttribute("aria-busy", String(now));
  byId("series-busy").hidden = !now;
  use.disabled = now || !chosen();
  cancel.disabled = now;
}
