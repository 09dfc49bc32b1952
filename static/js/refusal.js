// The box on the page that says what did not work, and why.

import { byId } from "./dom.js";
import { ApiError, problemOf } from "./api.js";
import { t } from "./words.js";

/** @import { Problem } from "./api.js" */

const box = byId("upload-error");

byId("upload-error-close").addEventListener("click", hide);

/** Show a problem, with a title in the page's language. @param {Problem} problem */
export function show({ code, message, hint }) {
  byId("upload-error-title").textContent = t(`error.${code}`, {}, t("error.title"));
  byId("upload-error-message").textContent = message;
  byId("upload-error-hint").textContent = hint ?? "";
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

/** Show why a request failed. @param {unknown} error */
export function showError(error) {
  show(error instanceof ApiError ? error : problemOf(null));
}

export function hide() {
  box.hidden = true;
}
