// Which series of an upload to segment: the proposed one is chosen already, the doctor may choose another.

import * as refusal from "./refusal.js";
import { t } from "./words.js";

const API = "/api/v1/imports";
const byId = (id) => document.getElementById(id);
const dialog = byId("series-dialog");
const list = byId("series-list");
const use = byId("series-use");
let waiting = null; // the upload whose series are shown
let done = null; // who hears of the study
let busy = false;

byId("series-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy) makeStudy();
});
byId("series-cancel").addEventListener("click", giveUp);
dialog.addEventListener("cancel", (event) => {
  event.preventDefault(); // the Escape key
  if (!busy) giveUp();
});
list.addEventListener("change", () => (use.disabled = false));

/** Show the series of `upload`, as the API describes it; `onStudy(study)` hears of the study that was made. */
export function choose(upload, onStudy) {
  [waiting, done] = [upload, onStudy];
  byId("series-identity").textContent = t(upload.keep_identity ? "series.kept" : "series.removed");
  fill(byId("series-notes"), upload.notes);
  const rank = (series) => (series.proposed ? 0 : series.problem ? 2 : 1);
  const ordered = [...upload.series].sort((one, other) => rank(one) - rank(other));
  list.replaceChildren(...ordered.map(row));
  use.disabled = !ordered[0]?.proposed;
  byId("series-error").hidden = true;
  setBusy(false);
  dialog.showModal();
  (list.querySelector("input:checked") ?? byId("series-cancel")).focus();
}

function row(series) {
  const item = byId("series-row").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`[data-part=${name}]`);
  const radio = item.querySelector("input");
  radio.value = series.key;
  radio.checked = series.proposed;
  radio.disabled = series.problem !== null;
  item.querySelector(".series-row").classList.toggle("refused", radio.disabled);
  part("description").textContent = series.description || t("series.unnamed");
  part("number").textContent = series.number ? t("series.number", { number: series.number }) : "";
  part("proposed").hidden = !series.proposed;
  part("facts").textContent = facts(series).join(" · ");
  part("reasons").textContent = series.reasons.map(words).join(" · ");
  part("problem").textContent = series.problem?.message ?? "";
  part("notes").textContent = series.notes.map(words).join(" ");
  const picture = item.querySelector("img");
  if (series.thumbnail_url) picture.src = series.thumbnail_url;
  else picture.remove();
  return item;
}

function facts(series) {
  const all = series.modality ? [series.modality] : [];
  if (series.images) all.push(t("series.images", { count: series.images }));
  if (series.spacing_mm) all.push(`${series.spacing_mm.map((mm) => Number(mm.toFixed(2))).join(" × ")} mm`);
  if (series.kernel) all.push(t("series.kernel", { kernel: series.kernel }));
  return all;
}

/** A note in the page's language; the server's sentence where there are no words for it. */
export function words(note) {
  return t(`note.${note.code}`, note.values, note.message);
}

/** Notes as items of a list, which is hidden where there are none. */
export function fill(target, notes) {
  const items = notes.map((note) => Object.assign(document.createElement("li"), { textContent: words(note) }));
  target.replaceChildren(...items);
  target.hidden = items.length === 0;
}

async function makeStudy() {
  const chosen = list.querySelector("input:checked");
  if (!chosen) return;
  setBusy(true);
  byId("series-error").hidden = true;
  try {
    const response = await fetch(`${API}/${waiting.id}/studies`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ series: chosen.value }),
    });
    const body = await response.json();
    if (!response.ok) throw refusal.errorOf(body);
    dialog.close();
    done(body);
  } catch (error) {
    const { code, message, hint } = error.code ? error : refusal.errorOf(null);
    byId("series-error").textContent = [t(`error.${code}`, {}, t("error.title")), message, hint].join(" — ");
    byId("series-error").hidden = false;
  } finally {
    setBusy(false);
  }
}

function giveUp() {
  dialog.close();
  fetch(`${API}/${waiting.id}`, { method: "DELETE", keepalive: true }).catch(() => {}); // it goes by itself, too
}

function setBusy(now) {
  busy = now;
  dialog.setAttribute("aria-busy", String(now));
  byId("series-busy").hidden = !now;
  use.disabled = now || !list.querySelector("input:checked");
  byId("series-cancel").disabled = now;
}
