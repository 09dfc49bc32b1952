/** The Vue component <spine-viewer>: the panels' elements, what comes from Python in, what a user did out. */
import { defineComponent, h, markRaw } from 'vue';
import { throttled } from './core/timing.js';
import { fetchJson } from './data/fetch.js';
import { openScan } from './data/scan.js';
import { decodeView } from './data/view-state.js';
import { createDoubleTap } from './input/double-tap.js';
import { createBlink, prefersReducedMotion } from './page/compare-overlay.js';
import { STRAIGHT_LAYOUT } from './page/layouts.js';
import { PANELS, overOf, panelOf } from './page/panels.js';
import { publish, withdraw } from './page/test-hook.js';
import { spineOf } from './reformation/vertebrae.js';
import { createViewer } from './viewer.js';
import { WHOLE } from './volume/clip-box.js';
import { graphics } from './vtk/render-window.js';
/**
 * @import { PropType } from 'vue'
 * @import { Display, Plane, Scan, Settings, Texts } from './types.js'
 * @import { Viewer } from './viewer.js'
 */

/**
 * What Vue need not watch.
 *
 * @typedef {object} Own
 * @property {?Viewer} viewer null until the scan's description is here
 * @property {Record<string, HTMLElement>} hosts elements of the panels
 * @property {{ready: boolean, masks: string[]}} drawn what tests may know
 * @property {string} nextMaximised by the layout that is about to come
 * @property {boolean} isGone
 * @property {ReturnType<typeof createBlink>} blink
 */

const CROSSHAIR_MS = 400;
const ARRIVAL_MS = 300; // between two drawings of what has come so far

const NAMES = /** @type {PropType<Settings['names']>} */ (Object);
const CLIP = /** @type {PropType<number[][]>} */ (Array);
const SLAB = /** @type {PropType<Settings['slab']>} */ (/** @type {unknown} */ (Array));

let restored = false;

export default defineComponent({
  name: 'SpineViewer',
  props: {
    url: { type: String, required: true }, // display.json
    version: { type: String, default: '' }, // changes when the study's masks change
    shown: { type: /** @type {PropType<string[]>} */ (Array), default: () => [] }, // ids of the masks shown
    colours: { type: /** @type {PropType<Settings['colours']>} */ (Object), default: () => ({}) },
    opacity: { type: Number, default: 30 }, // of the masks on slices, per cent
    window: { type: /** @type {PropType<number[]>} */ (Array), default: () => [500, 2000] }, // level and width, HU
    volumePreset: { type: String, default: 'bone' },
    maskStyle3d: { type: String, default: 'bone' },
    surfaceColours: { type: /** @type {PropType<Settings['colours']>} */ (Object), default: undefined }, // of 3D
    clip: { type: CLIP, default: () => WHOLE },
    clipShown: { type: Boolean, default: false }, // whether the box is drawn
    crosshairShown: { type: Boolean, default: true },
    layout: { type: String, default: 'four' },
    plane: { type: /** @type {PropType<Plane>} */ (String), default: 'sagittal' }, // compared
    tool: { type: String, default: 'crosshair' },
    resets: { type: Number, default: 0 }, // counts how often the view was to be reset
    slab: { type: SLAB, default: () => [0, 'max'] }, // thickness in mm, 0 one slice; max or mean
    labelOpacity: { type: /** @type {PropType<Settings['labelOpacity']>} */ (Object), default: () => ({}) },
    hidden: { type: /** @type {PropType<Settings['hidden']>} */ (Object), default: () => ({}) },
    maskStyle: { type: String, default: 'both' },
    caption: { type: String, default: '' }, // whose scan it is, written on each panel
    names: { type: NAMES, default: () => ({}) }, // of labels, written at them
    namesShown: { type: Boolean, default: true },
    zoomTo: { type: /** @type {PropType<{mask: string, label: number}>} */ (Object), default: null }, // new each time
    at: { type: /** @type {PropType<number[]>} */ (Array), default: null }, // RAS+ mm: where the crosshair starts
    texts: { type: /** @type {PropType<Texts>} */ (Object), default: () => ({}) },
  },
  emits: ['opened', 'crosshair', 'window', 'clip', 'failed', 'restored'],
  setup() {
    /** @type {Own} */
    const own = {
      viewer: null,
      hosts: {},
      drawn: { ready: false, masks: [] },
      nextMaximised: '',
      isGone: false,
      blink: createBlink(() => {}),
    };
    /** @type {Record<string, object>} */
    const taps = {}; // listeners by panel: a double tap or click enlarges it
    return { own: markRaw(own), taps: markRaw(taps) };
  },
  data: () => ({
    loaded: 0,
    drawn: false,
    ready: false,
    problem: '',
    maximised: '',
    curtain: 50,
    original: false,
    blinking: false,
    playing: -1,
  }),
  computed: {
    /** @returns {Settings} */
    settings() {
      const { window: level, tool, volumePreset, layout, plane, slab } = this;
      const { shown, colours, opacity, labelOpacity, hidden, maskStyle, names, namesShown } = this;
      const { maskStyle3d, clip, clipShown, crosshairShown, surfaceColours } = this;
      const masks = { shown, colours, surfaceColours, opacity: Number(opacity), labelOpacity, hidden, maskStyle };
      const named = { names, namesShown };
      const scene = { maskStyle3d, clip, clipShown, crosshairShown };
      return { window: level, tool, volumePreset, layout, plane, slab, ...scene, ...masks, ...named };
    },
  },
  watch: {
    settings(next) {
      this.own.viewer?.update(next);
    },
    version() {
      this.refresh();
    },
    zoomTo({ mask, label }) {
      this.own.viewer?.zoomTo(mask, label);
    },
    resets() {
      this.own.viewer?.reset();
    },
    layout() {
      this.layOut();
    },
  },
  created() {
    this.own.blink = createBlink(() => (this.original = !this.original));
    PANELS.forEach(([key]) => {
      const { pointerdown, pointerup, dblclick } = createDoubleTap(() => {
        // Two dabs of a brush in one place are no double tap.
        if (!this.own.viewer?.editing.current?.editor.settings.tool) this.toggle(key);
      });
      this.taps[key] = { onPointerdown: pointerdown, onPointerup: pointerup, onDblclick: dblclick };
    });
  },
  async mounted() {
    ['probe', ...PANELS.map(([key]) => key)].forEach((key) => {
      this.own.hosts[key] = /** @type {HTMLElement} */ (this.$refs[key]);
    });
    try {
      await this.open();
    } catch (error) {
      this.fail(error);
    }
  },
  beforeUnmount() {
    this.own.isGone = true;
    this.own.blink.stop();
    this.$emit('opened', null);
    withdraw(this.own.viewer);
    this.own.viewer?.destroy();
  },
  methods: {
    async open() {
      const { own } = this;
      /** @type {Display} */
      const display = await fetchJson(this.url);
      const opened = openScan(display);
      graphics(); // looked up while the scan is on its way
      const scan = await opened;
      if (own.isGone) return;
      const viewer = this.createViewer(display, scan);
      own.viewer = viewer;
      if (this.at) viewer.crosshair.moveToWorld(this.at);
      viewer.crosshair.onMove(throttled((index, world) => this.$emit('crosshair', world), CROSSHAIR_MS));
      viewer.update(this.settings);
      this.restore();
      this.$emit('opened', viewer);
      publish(viewer, own.drawn);
      this.drawn = true;
      await this.stream(scan, display);
      if (own.isGone) return;
      viewer.complete();
      own.drawn.ready = true;
      this.ready = true;
    },
    /** @param {Display} display @param {Scan} scan */
    createViewer(display, scan) {
      const { study, session, root = '' } = document.documentElement.dataset;
      const served = graphics().webgl2 ? '' : `${root}/studies/${study}/remote/${session}/`;
      const on = {
        windowed: (/** @type {number[]} */ level) => this.$emit('window', level),
        clipped: (/** @type {number[][]} */ box) => this.$emit('clip', box),
        masksReady: (/** @type {string[]} */ ids) => (this.own.drawn.masks = ids),
        playing: (/** @type {number} */ axis) => (this.playing = axis),
        failed: (/** @type {unknown} */ error) => this.fail(error),
      };
      return markRaw(createViewer(this.own.hosts, display, scan, on, { texts: this.texts, served }));
    },
    /** Draw what comes of the scan as it comes. @param {Scan} scan @param {Display} display */
    async stream(scan, display) {
      const draw = throttled((/** @type {number} */ slices) => {
        this.loaded = slices / display.shape[2];
        if (!this.own.isGone && !this.ready) this.own.viewer?.arrived();
      }, ARRIVAL_MS);
      const stop = scan.onArrival(draw);
      await scan.whole.finally(stop);
    },
    /** Show what the address says, once: after that the page's state is newer than its address. */
    restore() {
      if (restored) return;
      restored = true;
      this.show(decodeView(window.location.hash));
    },
    /** Show a view of view-state.js; what it does not say stays as it is. @param {Record<string, any>} view */
    show(view) {
      const { big = '', at, camera, axial, coronal, sagittal, ...page } = view;
      if ((page.layout ?? this.layout) === this.layout) this.maximised = big;
      else this.own.nextMaximised = big;
      if (Object.keys(view).length) this.$emit('restored', page);
      this.$nextTick(() => this.own.viewer?.restore({ at, camera, axial, coronal, sagittal }));
    },
    /** Where the panels look, their window, and which of them is shown alone: a part of view-state.js's view. */
    places() {
      const { viewer } = this.own;
      return { ...viewer?.snapshot(), level: viewer?.window(), big: this.maximised };
    },
    async refresh() {
      if (!this.own.viewer) return;
      try {
        this.own.viewer.refresh(await fetchJson(this.url));
      } catch (error) {
        this.fail(error);
      }
    },
    /** @param {unknown} error */
    fail(error) {
      const { message } = /** @type {Error} */ (error);
      this.problem = `${this.texts.load_failed ?? ''} ${message}`.trim();
      this.$emit('failed', error);
    },
    /** @param {string} key of a panel */
    toggle(key) {
      this.maximised = this.maximised === key ? '' : key;
    },
    /** @param {Plane} plane */
    play(plane) {
      this.own.viewer?.play(plane);
    },
    /** @param {?number} at per cent; null: the curtain stays */
    moveCurtain(at) {
      if (at !== null) this.curtain = Math.round(at);
      return at !== null;
    },
    pressBlink() {
      if (this.own.blink.running) this.own.blink.stop();
      else this.own.blink.start();
      this.blinking = this.own.blink.running;
    },
    layOut() {
      this.maximised = this.own.nextMaximised;
      this.own.nextMaximised = '';
      this.original = false;
      this.own.blink.stop();
      if (this.layout === 'blink' && !prefersReducedMotion()) this.own.blink.start();
      this.blinking = this.own.blink.running;
      if (this.layout === 'curtain') this.$nextTick(() => requestAnimationFrame(() => this.curtainToCrosshair()));
    },
    /** The curtain starts where the crosshair stands, which is on the spine unless someone moved it. */
    curtainToCrosshair() {
      const at = this.own.viewer?.screenFraction(this.plane);
      if (at !== undefined && Number.isFinite(at)) this.moveCurtain(Math.min(90, Math.max(10, 100 * at)));
    },
    /** The layout without an original. */
    ownLayout() {
      return this.layout === STRAIGHT_LAYOUT && spineOf(this.settings) !== undefined ? STRAIGHT_LAYOUT : 'four';
    },
    cover() {
      if (this.problem) return h('div', { class: 'sv-cover sv-problem', role: 'alert' }, this.problem);
      if (this.ready) return null;
      const percent = Math.round(this.loaded * 100);
      const classes = this.drawn ? 'sv-arriving' : 'sv-cover'; // a preview is seen meanwhile
      return h('div', { class: classes, role: 'status' }, [
        h('div', {}, `${this.texts.loading ?? ''} ${percent} %`),
        h('progress', { max: 100, value: percent, 'aria-label': this.texts.loading }),
      ]);
    },
  },
  render() {
    const over = this.layout === 'curtain' || this.layout === 'blink';
    const classes = {
      'sv-single': this.maximised,
      'sv-ready': this.ready,
      'sv-over': over && !this.maximised,
      'sv-curtained': this.layout === 'curtain' && !this.maximised,
      'sv-original-on-top': this.layout === 'blink' && this.original,
      'sv-no-crosshair': !this.crosshairShown,
    };
    const arranged = over || this.layout === 'compare' ? `compare-${this.plane}` : this.ownLayout();
    const attributes = { 'data-layout': this.maximised || arranged, style: { '--curtain': `${this.curtain}%` } };
    return h('div', { class: ['sv-root', `sv-tool-${this.tool}`, classes], ...attributes }, [
      h('div', { class: 'sv-grid' }, [...PANELS.map((panel) => panelOf(this, panel)), ...overOf(this)]),
      h('div', { ref: 'probe', class: 'sv-probe', 'data-testid': 'hu-probe', 'aria-live': 'off' }),
      this.cover(),
    ]);
  },
});
