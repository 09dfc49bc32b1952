// The one place where the page says that something did not work, and why.

import { t } from "./words.js";

const box = document.getElementById("upload-error");
const part = (name) => document.getElementById(`upload-error-${name}`);

part("close").addEventListener("click", hide);

/** Show `{code, message, hint}` as the API gives it, with a title in the page's language. */
export function show(error) {
  part("title").textContent = t(`error.${error.code}`, {}, t("error.title"));
  part("message").textContent = error.message;
  part("hint").textContent = error.hint ?? "";
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

export function hide() {
  box.hidden = true;
}

/** The error body of an answer, or words for an answer that has none. */
export function errorOf(body) {
  return body?.error ?? { code: "network", message: t("error.network_message"), hint: t("error.network_hint") };
}
