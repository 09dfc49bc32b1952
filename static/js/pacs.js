// Searching an archive. Every text that comes from there is set as text, never as markup.

import { follow } from "./fetching.js";
import * as refusal from "./refusal.js";
import { t } from "./words.js";

const form = document.getElementById("search");
const found = document.getElementById("found");
const said = document.getElementById("said");
let asked = 0; // an answer that comes after a newer question is dropped

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = ++asked;
  const { pacs, ...wanted } = Object.fromEntries(new FormData(form));
  refusal.hide();
  found.replaceChildren();
  said.textContent = t("pacs.searching");
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const body = await ask(`${address(pacs)}/search`, wanted);
    if (question !== asked || body === null) return;
    said.textContent = body.studies.length ? t("pacs.found", { count: body.studies.length }) : t("pacs.nothing");
    found.replaceChildren(...body.studies.map((study) => studyRow(pacs, study)));
  } finally {
    button.disabled = false;
    if (said.textContent === t("pacs.searching")) said.textContent = "";
  }
});

const address = (pacs) => `/api/v1/pacs/${encodeURIComponent(pacs)}`;

/** The JSON of an answer; null after a refusal, which is then on the page. */
async function ask(url, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  try {
    const response = await fetch(url, options);
    const answer = await response.json();
    if (response.ok) return answer;
    refusal.show(refusal.errorOf(answer));
  } catch {
    refusal.show(refusal.errorOf(null));
  }
  return null;
}

function fill(id, texts) {
  const row = document.getElementById(id).content.firstElementChild.cloneNode(true);
  for (const [name, text] of Object.entries(texts)) row.querySelector(`[data-part=${name}]`).textContent = text ?? "";
  return row;
}

const images = (count) => (count === null ? "" : t("pacs.images", { count }));

function studyRow(pacs, study) {
  const row = fill("found-study", {
    patient: study.patient_name || t("pacs.unnamed"),
    id: study.patient_id,
    description: study.description,
    date: study.date,
    modalities: study.modalities.join(" "),
    images: images(study.images),
  });
  const head = row.querySelector(".found-head");
  const list = row.querySelector(".found-series");
  head.addEventListener("click", async () => {
    const open = head.getAttribute("aria-expanded") === "true";
    head.setAttribute("aria-expanded", String(!open));
    list.hidden = open;
    if (open || list.childElementCount) return;
    const body = await ask(`${address(pacs)}/studies/${study.uid}/series`);
    if (body) list.replaceChildren(...body.series.map((series) => seriesRow(pacs, study, series)));
  });
  return row;
}

function seriesRow(pacs, study, series) {
  const row = fill("found-one-series", {
    number: series.number ?? "",
    description: series.description || series.modality,
    modality: [series.modality, series.body_part].filter(Boolean).join(" · "),
    images: images(series.images),
  });
  const button = row.querySelector("[data-part=fetch]");
  button.hidden = series.modality !== "CT"; // nothing else can be segmented
  button.addEventListener("click", async () => {
    refusal.hide();
    button.disabled = true;
    const transfer = await ask(`${address(pacs)}/fetch`, { study_uid: study.uid, series_uid: series.uid });
    button.disabled = false;
    if (transfer) follow(row, transfer);
  });
  return row;
}
