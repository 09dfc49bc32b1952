/** The live view's socket: what the tool does now, by a watch that never takes old news for new. */

/**
 * What the server says of a moment; webapp/tracking/routes.py describes it.
 *
 * @typedef {object} Pose
 * @property {'live' | 'stale' | 'hidden' | 'no_tool' | 'disconnected' | 'unregistered'} state
 * @property {number} number
 * @property {string} tool
 * @property {string} status
 * @property {number | null} age_ms
 * @property {number} arrived_ms by the server's clock
 * @property {number | null} sent_ms by the tracker's clock
 * @property {{number: number, level: string, expected_tre95_mm: number} | null} registration
 * @property {{number: number, place: string, state: 'good' | 'repeat' | 'off' | 'drifted'} | null} check
 * @property {[number, number, number] | null} tip_ras_mm
 * @property {[number, number, number] | null} tip_tracker_mm
 * @property {[number, number, number] | null} axis_ras
 */

/** Without a message for this long the page itself calls the tool stale. */
export const SILENT_MS = 150;
const LOOK_MS = 25;
const AGAIN_MS = 500;
const PING_MS = 2000;
const KEPT = 240;

/** The value below which a share of the numbers lies. @param {number[]} numbers @param {number} share */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : NaN;
}

/**
 * The difference of two clocks, by the quickest of the answers so far.
 *
 * @returns {{take: (sent: number, now: number, server: number) => void, toHere: (server: number) => number}}
 */
export function createClock() {
  let [best, offset] = [Infinity, 0];
  return {
    take(sent, now, server) {
      if (now - sent > best) return;
      best = now - sent;
      offset = server - (sent + now) / 2;
    },
    toHere: (server) => server - offset,
  };
}

/**
 * How fast pictures follow: their rate in Hz, and milliseconds from a packet at the server to its picture.
 */
export function createFigures() {
  /** @type {{at: number, latency: number}[]} */
  const pictures = [];
  return {
    /** @param {number} at ms @param {number} latency ms */
    add(at, latency) {
      pictures.push({ at, latency });
      if (pictures.length > KEPT) pictures.shift();
    },
    /** @param {number} now ms */
    read(now) {
      const recent = pictures.filter(({ at }) => now - at < 2000);
      const latencies = recent.map(({ latency }) => latency);
      const span = recent.length > 1 ? recent[recent.length - 1].at - recent[0].at : 0;
      return {
        hz: span > 0 ? (1000 * (recent.length - 1)) / span : 0,
        median: quantile(latencies, 0.5),
        most: quantile(latencies, 0.95),
      };
    },
  };
}

/**
 * Follow a study's live view until `stop` is called; it connects again by itself.
 *
 * @param {string} url path of the socket
 * @param {(pose: Pose) => void} show called with every message, and with `state` "stale" or "disconnected" when none
 *   comes
 */
export function followLive(url, show) {
  const address = `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}${url}`;
  const clock = createClock();
  /** @type {WebSocket | null} */
  let socket = null;
  /** @type {Pose | null} */
  let last = null;
  let [heard, isOver, again, pinged] = [0, false, 0, 0];

  function ping() {
    pinged = performance.now();
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ping: Date.now() }));
  }
  function take(/** @type {MessageEvent} */ event) {
    const message = JSON.parse(event.data);
    if (message.type === 'pong') {
      clock.take(message.ping, Date.now(), message.now_ms);
      return;
    }
    heard = performance.now();
    last = message;
    show(message);
  }
  function connect() {
    socket = new WebSocket(address);
    socket.addEventListener('open', ping);
    socket.addEventListener('message', take);
    socket.addEventListener('close', () => {
      if (isOver) return;
      if (last) show({ ...last, state: 'disconnected' });
      again = window.setTimeout(connect, AGAIN_MS);
    });
  }
  const watch = window.setInterval(() => {
    const silent = performance.now() - heard;
    if (last?.state === 'live' && silent > SILENT_MS) show({ ...last, state: 'stale', age_ms: Math.round(silent) });
    if (performance.now() - pinged > PING_MS) ping();
  }, LOOK_MS);
  connect();
  return {
    /** Milliseconds since the packet of a pose came to the server. @param {Pose} pose */
    since: (pose) => Date.now() - clock.toHere(pose.arrived_ms),
    stop() {
      isOver = true;
      window.clearInterval(watch);
      window.clearTimeout(again);
      socket?.close();
    },
  };
}
