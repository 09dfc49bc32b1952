// One press that queues a segmentation of every study in the list that has none.

import { request } from "../api.js";
import { at, byId } from "../dom.js";
import * as refusal from "../refusal.js";
import { t } from "../words.js";

const FEWEST = 2; // one study has its own button
const list = byId("study-list");

/** Ids of the listed studies without a job. */
function waiting() {
  const rows = [...list.querySelectorAll("li[data-study-id]")];
  const ready = rows.filter((row) => row.querySelector(".state[data-state=ready]"));
  return ready.map((row) => /** @type {HTMLElement} */ (row).dataset.studyId);
}

/** Follow the list. @param {() => Promise<void>} refresh */
export function start(refresh) {
  const button = document.getElementById("segment-all");
  if (!(button instanceof HTMLButtonElement)) return;
  const show = () => {
    button.hidden = waiting().length < FEWEST;
  };
  const watched = { subtree: true, childList: true, attributeFilter: ["data-state"] };
  new MutationObserver(show).observe(list, watched);
  show();
  button.addEventListener("click", async () => {
    refusal.hide();
    button.disabled = true;
    try {
      const made = await request(at("/api/v1/batches"), "POST", { studies: waiting().slice(0, 1000) });
      button.title = t("home.segment_all_done", { count: made.jobs.length });
    } catch (error) {
      refusal.showError(error);
    } finally {
      button.disabled = false;
      await refresh();
    }
  });
}
