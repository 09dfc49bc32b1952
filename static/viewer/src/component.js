/** The Vue component <spine-viewer>: the panels' elements, what comes from Python in, what a user did out. */
import { h, markRaw } from 'vue';
import { throttled } from './core/timing.js';
import { fetchJson } from './data/fetch.js';
import { publish, withdraw } from './page/test-hook.js';
import { decodeView, encodeView } from './data/view-state.js';
import { createBlink, prefersReducedMotion } from './page/compare-overlay.js';
import { PANELS, overOf, panelOf } from './page/panels.js';
import { openScan } from './data/scan.js';
import { createDoubleTap } from './input/double-tap.js';
import { createViewer } from './viewer.js';
import { graphics } from './vtk/render-window.js';

const CROSSHAIR_MS = 400;
const ARRIVAL_MS = 300; // between two drawings of what has come so far

let restored = false;

export default {
  name: 'SpineViewer',
  props: {
    url: { type: String, required: true }, // display.json
    version: { type: String, default: '' }, // changes when the study's masks change
    shown: { type: Array, default: () => [] }, // ids of the masks shown
    colours: { type: Object, default: () => ({}) }, // mask id -> label -> [r, g, b], 0..255
    opacity: { type: Number, default: 60 }, // of the masks on slices, per cent
    window: { type: Array, default: () => [500, 2000] }, // level and width, HU
    volumePreset: { type: String, default: 'bone' },
    layout: { type: String, default: 'four' },
    plane: { type: String, default: 'sagittal' }, // compared
    tool: { type: String, default: 'crosshair' },
    resets: { type: Number, default: 0 }, // counts how often the view was to be reset
    slab: { type: Array, default: () => [0, 'max'] }, // thickness in mm, 0 one slice; max or mean
    labelOpacity: { type: Object, default: () => ({}) }, // mask id -> label -> per cent, 100 where nothing is said
    hidden: { type: Object, default: () => ({}) }, // mask id -> labels not drawn
    maskStyle: { type: String, default: 'filled' },
    zoomTo: { type: Object, default: null }, // { mask, label } to be zoomed to; a new object each time
    at: { type: Array, default: null }, // RAS+ mm: where the crosshair starts, if not in the middle
    texts: { type: Object, default: () => ({}) },
  },
  emits: ['opened', 'crosshair', 'window', 'failed', 'restored'],
  data: () => ({ loaded: 0, drawn: false, ready: false, problem: '', maximised: '', curtain: 50, original: false, blinking: false, playing: -1 }),
  computed: {
    settings() {
      const { window: level, tool, volumePreset, layout, plane, shown, colours, opacity, labelOpacity, slab, hidden, maskStyle } = this;
      const masks = { shown, colours, opacity: Number(opacity), labelOpacity, hidden, maskStyle };
      return { window: level, tool, volumePreset, layout, plane, slab, ...masks };
    },
  },
  watch: {
    settings(next) {
      this.viewer?.update(next);
    },
    version() {
      this.refresh();
    },
    zoomTo({ mask, label }) {
      this.viewer?.zoomTo(mask, label);
    },
    resets() {
      this.viewer?.reset();
    },
    layout() {
      this.layOut();
    },
  },
  created() {
    const taps = ([key]) => {
      const { pointerdown, pointerup, dblclick } = createDoubleTap(() => this.toggle(key));
      return [key, { onPointerdown: pointerdown, onPointerup: pointerup, onDblclick: dblclick }];
    };
    this.taps = markRaw(Object.fromEntries(PANELS.map(taps)));
    this.blink = markRaw(createBlink(() => (this.original = !this.original)));
  },
  async mounted() {
    this.hosts = markRaw({ probe: this.$refs.probe });
    PANELS.forEach(([key]) => {
      this.hosts[key] = this.$refs[key];
    });
    try {
      await this.open();
    } catch (error) {
      this.fail(error);
    }
  },
  beforeUnmount() {
    this.gone = true;
    this.blink.stop();
    this.$emit('opened', null);
    withdraw(this.viewer);
    this.viewer?.destroy();
  },
  methods: {
    async open() {
      const grid = await fetchJson(this.url);
      const scan = await openScan(grid);
      if (this.gone) return;
      const { study, session } = document.documentElement.dataset;
      const served = graphics().webgl2 ? '' : `/studies/${study}/remote/${session}/`;
      const state = { ready: false, masks: [] };
      this.viewer = markRaw(
        createViewer(this.hosts, grid, scan, {
          windowed: (level) => this.$emit('window', level),
          masksReady: (ids) => (state.masks = ids),
          playing: (axis) => (this.playing = axis),
          failed: (error) => this.fail(error),
        }, { texts: this.texts, served }),
      );
      if (this.at) this.viewer.crosshair.moveToWorld(this.at);
      this.viewer.crosshair.onMove(throttled((index, world) => this.$emit('crosshair', world), CROSSHAIR_MS));
      this.viewer.update(this.settings);
      this.restore();
      this.$emit('opened', this.viewer);
      publish(this.viewer, state);
      this.drawn = true;
      await this.stream(scan, grid);
      if (this.gone) return;
      this.viewer.complete();
      state.ready = true;
      this.ready = true;
    },
    /** Draw what comes of the scan as it comes. */
    async stream(scan, grid) {
      const draw = throttled((slices) => {
        this.loaded = slices / grid.shape[2];
        if (!this.gone && !this.ready) this.viewer.arrived();
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
    /** Show a view of view-state.js; what it does not say stays as it is. */
    show({ layout = this.layout, plane = this.plane, level = this.window, big = '', ...places }) {
      if (layout === this.layout) this.maximised = big;
      else this.nextBig = big;
      this.$emit('restored', { layout, plane, level });
      this.$nextTick(() => this.viewer?.restore(places));
    },
    /** What is seen, as view-state.js writes it. */
    viewText() {
      const { layout, plane, maximised: big } = this;
      return encodeView({ ...this.viewer.snapshot(), level: this.viewer.window(), layout, plane, big });
    },
    async refresh() {
      if (!this.viewer) return;
      try {
        this.viewer.refresh(await fetchJson(this.url));
      } catch (error) {
        this.fail(error);
      }
    },
    fail(error) {
      this.problem = `${this.texts.load_failed ?? ''} ${error.message}`.trim();
      this.$emit('failed', error);
    },
    toggle(key) {
      this.maximised = this.maximised === key ? '' : key;
    },
    moveCurtain(at) {
      if (at !== null) this.curtain = Math.round(at);
      return at !== null;
    },
    pressBlink() {
      if (this.blink.running) this.blink.stop();
      else this.blink.start();
      this.blinking = this.blink.running;
    },
    layOut() {
      this.maximised = this.nextBig ?? '';
      this.nextBig = '';
      this.original = false;
      this.blink.stop();
      if (this.layout === 'blink' && !prefersReducedMotion()) this.blink.start();
      this.blinking = this.blink.running;
    },
    panel(panel) {
      return panelOf(this, panel);
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
    };
    const arranged = over || this.layout === 'compare' ? `compare-${this.plane}` : 'four';
    const style = { '--curtain': `${this.curtain}%` };
    return h('div', { class: ['sv-root', `sv-tool-${this.tool}`, classes], 'data-layout': this.maximised || arranged, style }, [
      h('div', { class: 'sv-grid' }, [...PANELS.map(this.panel), ...overOf(this)]),
      h('div', { ref: 'probe', class: 'sv-probe', 'data-testid': 'hu-probe', 'aria-live': 'off' }),
      this.cover(),
    ]);
  },
};
