// The row of one series that is fetched from an archive: its progress, its end, and the way to stop it.

import { problemOf } from "./api.js";
import { at, descendant, part } from "./dom.js";
import * as refusal from "./refusal.js";
import { bytes, t } from "./words.js";

/** @import { Transfer } from "./api.js" */

const PAUSE_MS = 500;
const OPEN = ["waiting", "fetching", "checking"];
const API = at("/api/v1/transfers");

/** @param {number} ms */
const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Show in `row` how the transfer goes until it is over. @param {HTMLElement} row @param {Transfer} transfer */
export async function follow(row, transfer) {
  const cancel = () => fetch(`${API}/${transfer.id}`, { method: "DELETE" }).catch(() => {});
  part(row, "cancel").onclick = cancel;
  /** @type {Transfer | null} */
  let now = transfer;
  while (now) {
    show(row, now);
    if (!OPEN.includes(now.state)) return;
    await pause(PAUSE_MS);
    now = await currentState(transfer.id);
  }
  show(row, { ...transfer, state: "failed", error: null });
}

/**
 * The transfer as it is now, asked for again while the server is away; null once it is forgotten.
 *
 * @param {string} id
 * @returns {Promise<Transfer | null>}
 */
async function currentState(id) {
  for (;;) {
    try {
      const response = await fetch(`${API}/${id}`);
      if (response.status === 404) return null;
      if (response.ok) return await response.json();
    } catch {
      // a moment without network: ask again
    }
    await pause(2 * PAUSE_MS);
  }
}

/** @param {HTMLElement} row @param {Transfer} transfer */
function show(row, transfer) {
  const open = OPEN.includes(transfer.state);
  const { images, images_expected: expected } = transfer;
  const bar = descendant(row, "progress", HTMLProgressElement);
  bar.hidden = !open;
  if (expected && transfer.state === "fetching") bar.value = images / expected;
  else bar.removeAttribute("value");
  part(row, "fetch").hidden = open || transfer.state === "done";
  part(row, "cancel").hidden = !open;
  const link = descendant(row, "[data-part=open]", HTMLAnchorElement);
  link.hidden = transfer.state !== "done";
  if (transfer.url) link.href = transfer.url;
  const state = part(row, "state");
  state.dataset.state = transfer.state;
  const figures = { images, total: expected ?? "?", size: bytes(transfer.received_bytes) };
  state.textContent = t(`pacs.state.${transfer.state}`, figures);
  if (transfer.state === "failed") refusal.show(transfer.error ?? problemOf(null));
}
