// The way out, in the header of every page of somebody who is signed in.

import { at } from "../dom.js";

const button = document.getElementById("sign-out");

button?.addEventListener("click", async () => {
  await fetch(at("/api/v1/session"), { method: "DELETE" }).catch(() => {});
  window.location.assign(at("/signin"));
});
