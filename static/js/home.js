// The home page: uploads on top, studies below.

import * as refusal from "./refusal.js";
import * as studies from "./studies.js";
import * as upload from "./upload.js";

const demo = document.getElementById("demo-button");

demo.addEventListener("click", async () => {
  refusal.hide();
  demo.disabled = true;
  demo.setAttribute("aria-busy", "true");
  try {
    const response = await fetch("/api/v1/studies/demo", { method: "POST" });
    const body = await response.json();
    if (response.ok) await studies.welcome(body);
    else refusal.show(refusal.errorOf(body));
  } catch {
    refusal.show(refusal.errorOf(null));
  } finally {
    demo.disabled = false;
    demo.removeAttribute("aria-busy");
  }
});

upload.start(studies.welcome);
studies.start();
