// The home page: uploads on top, studies below.

import { request } from "./api.js";
import { at, elementById } from "./dom.js";
import { withGroup } from "./naming.js";
import * as segmentAll from "./queue/segment-all.js";
import * as refusal from "./refusal.js";
import * as studies from "./studies.js";
import * as upload from "./upload.js";

/** @import { Study } from "./api.js" */

const demo = elementById("demo-button", HTMLButtonElement);

/** Open a study that has just come. @param {Study} study */
const open = (study) => window.location.assign(study.url);

demo.addEventListener("click", async () => {
  refusal.hide();
  demo.disabled = true;
  demo.setAttribute("aria-busy", "true");
  try {
    open(await request(withGroup(at("/api/v1/studies/demo")), "POST"));
  } catch (error) {
    refusal.showError(error);
  } finally {
    demo.disabled = false;
    demo.removeAttribute("aria-busy");
  }
});

upload.start(open);
studies.start();
segmentAll.start(studies.refresh);
