// What the pages of accounts share: a form that asks the server, and says under itself what was refused.

import { ApiError, problemOf, request } from "../api.js";
import { byId, descendant } from "../dom.js";

/** Where a page of accounts says that something was refused. */
export const refusalOf = () => byId("refusal");

/** @param {unknown} error @param {HTMLElement} [where] */
export function showRefusal(error, where = refusalOf()) {
  const problem = error instanceof ApiError ? error : problemOf(null);
  where.textContent = [problem.message, problem.hint].filter(Boolean).join(" ");
  where.hidden = false;
  where.scrollIntoView({ block: "nearest" });
}

/** Take back what was said. @param {HTMLElement} [where] */
export function hideRefusal(where = refusalOf()) {
  where.hidden = true;
}

/**
 * Run `act` with a form's values when it is sent; meanwhile its button waits.
 *
 * @param {HTMLFormElement} form
 * @param {(values: Record<string, string>) => Promise<void>} act
 */
export function onSubmit(form, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = descendant(form, "button[type=submit]", HTMLButtonElement);
    hideRefusal();
    button.disabled = true;
    try {
      await act(/** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form))));
    } catch (error) {
      showRefusal(error);
    } finally {
      button.disabled = false;
    }
  });
}

/**
 * Run what a button does, and show what was refused.
 *
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} act
 */
export function onClick(button, act) {
  button.addEventListener("click", async () => {
    hideRefusal();
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      showRefusal(error);
    } finally {
      button.disabled = false;
    }
  });
}

/** The secret behind # in a link; it does not stay in the address bar. */
export function secretOfAddress() {
  const secret = window.location.hash.slice(1);
  window.history.replaceState(null, "", window.location.pathname);
  return secret;
}

/** A link as a whole address. @param {string} link @returns {string} */
export const wholeAddress = (link) => new URL(link, window.location.origin).href;

/** Leave the page for another of this server. @param {string} path */
export function go(path) {
  window.location.assign(path);
}

export { request };
