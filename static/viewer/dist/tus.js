function ge(t) {
  "@babel/helpers - typeof";
  return ge = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, ge(t);
}
function wt(t, e, r) {
  return Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function St(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function Ut(t, e, r) {
  return e = te(e), Pt(t, Ee() ? Reflect.construct(e, r || [], te(t).constructor) : e.apply(t, r));
}
function Pt(t, e) {
  if (e && (ge(e) === "object" || typeof e == "function"))
    return e;
  if (e !== void 0)
    throw new TypeError("Derived constructors may only return object or undefined");
  return xt(t);
}
function xt(t) {
  if (t === void 0)
    throw new ReferenceError("this hasn't been initialised - super() hasn't been called");
  return t;
}
function Ot(t, e) {
  if (typeof e != "function" && e !== null)
    throw new TypeError("Super expression must either be null or a function");
  t.prototype = Object.create(e && e.prototype, { constructor: { value: t, writable: !0, configurable: !0 } }), Object.defineProperty(t, "prototype", { writable: !1 }), e && ee(t, e);
}
function be(t) {
  var e = typeof Map == "function" ? /* @__PURE__ */ new Map() : void 0;
  return be = function(n) {
    if (n === null || !Rt(n)) return n;
    if (typeof n != "function")
      throw new TypeError("Super expression must either be null or a function");
    if (typeof e < "u") {
      if (e.has(n)) return e.get(n);
      e.set(n, i);
    }
    function i() {
      return Et(n, arguments, te(this).constructor);
    }
    return i.prototype = Object.create(n.prototype, { constructor: { value: i, enumerable: !1, writable: !0, configurable: !0 } }), ee(i, n);
  }, be(t);
}
function Et(t, e, r) {
  if (Ee()) return Reflect.construct.apply(null, arguments);
  var n = [null];
  n.push.apply(n, e);
  var i = new (t.bind.apply(t, n))();
  return r && ee(i, r.prototype), i;
}
function Ee() {
  try {
    var t = !Boolean.prototype.valueOf.call(Reflect.construct(Boolean, [], function() {
    }));
  } catch {
  }
  return (Ee = function() {
    return !!t;
  })();
}
function Rt(t) {
  try {
    return Function.toString.call(t).indexOf("[native code]") !== -1;
  } catch {
    return typeof t == "function";
  }
}
function ee(t, e) {
  return ee = Object.setPrototypeOf ? Object.setPrototypeOf.bind() : function(n, i) {
    return n.__proto__ = i, n;
  }, ee(t, e);
}
function te(t) {
  return te = Object.setPrototypeOf ? Object.getPrototypeOf.bind() : function(r) {
    return r.__proto__ || Object.getPrototypeOf(r);
  }, te(t);
}
var ue = /* @__PURE__ */ (function(t) {
  function e(r) {
    var n, i = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : null, l = arguments.length > 2 && arguments[2] !== void 0 ? arguments[2] : null, s = arguments.length > 3 && arguments[3] !== void 0 ? arguments[3] : null;
    if (St(this, e), n = Ut(this, e, [r]), n.originalRequest = l, n.originalResponse = s, n.causingError = i, i != null && (r += ", caused by ".concat(i.toString())), l != null) {
      var g = l.getHeader("X-Request-ID") || "n/a", p = l.getMethod(), b = l.getURL(), S = s ? s.getStatus() : "n/a", j = s ? s.getBody() || "" : "n/a";
      r += ", originated from request (method: ".concat(p, ", url: ").concat(b, ", response code: ").concat(S, ", response text: ").concat(j, ", request id: ").concat(g, ")");
    }
    return n.message = r, n;
  }
  return Ot(e, t), wt(e);
})(/* @__PURE__ */ be(Error));
function re(t) {
  "@babel/helpers - typeof";
  return re = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, re(t);
}
function kt(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function jt(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, Lt(n.key), n);
  }
}
function At(t, e, r) {
  return e && jt(t.prototype, e), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function Lt(t) {
  var e = Tt(t, "string");
  return re(e) == "symbol" ? e : e + "";
}
function Tt(t, e) {
  if (re(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (re(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var Ct = /* @__PURE__ */ (function() {
  function t() {
    kt(this, t);
  }
  return At(t, [{
    key: "listAllUploads",
    value: function() {
      return Promise.resolve([]);
    }
  }, {
    key: "findUploadsByFingerprint",
    value: function(r) {
      return Promise.resolve([]);
    }
  }, {
    key: "removeUpload",
    value: function(r) {
      return Promise.resolve();
    }
  }, {
    key: "addUpload",
    value: function(r, n) {
      return Promise.resolve(null);
    }
  }]);
})();
const tt = "3.9.7", It = tt, Le = typeof TextDecoder == "function" ? new TextDecoder("utf-8", { ignoreBOM: !0 }) : void 0, Te = typeof TextEncoder == "function" ? new TextEncoder() : void 0, Dt = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", J = Array.prototype.slice.call(Dt), le = ((t) => {
  let e = {};
  return t.forEach((r, n) => e[r] = n), e;
})(J), Ft = /^(?:[A-Za-z\d+\/]{4})*?(?:[A-Za-z\d+\/]{2}(?:==)?|[A-Za-z\d+\/]{3}=?)?$/, C = String.fromCharCode.bind(String), rt = (t) => t.replace(/=/g, "").replace(/[+\/]/g, (e) => e == "+" ? "-" : "_"), nt = (t) => t.replace(/[^A-Za-z0-9\+\/]/g, ""), ot = (t) => {
  let e, r, n, i, l = "";
  const s = t.length % 3;
  for (let g = 0; g < t.length; ) {
    if ((r = t.charCodeAt(g++)) > 255 || (n = t.charCodeAt(g++)) > 255 || (i = t.charCodeAt(g++)) > 255)
      throw new TypeError("invalid character found");
    e = r << 16 | n << 8 | i, l += J[e >> 18 & 63] + J[e >> 12 & 63] + J[e >> 6 & 63] + J[e & 63];
  }
  return s ? l.slice(0, s - 3) + "===".substring(s) : l;
}, Re = typeof btoa == "function" ? (t) => btoa(t) : ot, _e = typeof Uint8Array.prototype.toBase64 == "function" ? Function.prototype.call.bind(Uint8Array.prototype.toBase64) : (t) => {
  let r = [];
  for (let n = 0, i = t.length; n < i; n += 4096)
    r.push(C.apply(null, t.subarray(n, n + 4096)));
  return Re(r.join(""));
}, fe = (t, e = !1) => e ? rt(_e(t)) : _e(t), Nt = (t) => {
  if (t.length < 2) {
    var e = t.charCodeAt(0);
    return e < 128 ? t : e < 2048 ? C(192 | e >>> 6) + C(128 | e & 63) : C(224 | e >>> 12 & 15) + C(128 | e >>> 6 & 63) + C(128 | e & 63);
  } else {
    var e = 65536 + (t.charCodeAt(0) - 55296) * 1024 + (t.charCodeAt(1) - 56320);
    return C(240 | e >>> 18 & 7) + C(128 | e >>> 12 & 63) + C(128 | e >>> 6 & 63) + C(128 | e & 63);
  }
}, qt = /[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\x00-\x7F]/g, it = (t) => t.replace(qt, Nt), Ce = Te ? (t) => _e(Te.encode(t)) : (t) => Re(it(t)), Z = (t, e = !1) => e ? rt(Ce(t)) : Ce(t), Ie = (t) => Z(t, !0), $t = /[\xC0-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF]{2}|[\xF0-\xF7][\x80-\xBF]{3}/g, Ht = (t) => {
  switch (t.length) {
    case 4:
      var e = (7 & t.charCodeAt(0)) << 18 | (63 & t.charCodeAt(1)) << 12 | (63 & t.charCodeAt(2)) << 6 | 63 & t.charCodeAt(3), r = e - 65536;
      return C((r >>> 10) + 55296) + C((r & 1023) + 56320);
    case 3:
      return C((15 & t.charCodeAt(0)) << 12 | (63 & t.charCodeAt(1)) << 6 | 63 & t.charCodeAt(2));
    default:
      return C((31 & t.charCodeAt(0)) << 6 | 63 & t.charCodeAt(1));
  }
}, at = (t) => t.replace($t, Ht), ut = (t) => {
  if (t = t.replace(/\s+/g, ""), !Ft.test(t))
    throw new TypeError("malformed base64.");
  t += "==".slice(2 - (t.length & 3));
  let e, r, n, i = [];
  for (let l = 0; l < t.length; )
    e = le[t.charAt(l++)] << 18 | le[t.charAt(l++)] << 12 | (r = le[t.charAt(l++)]) << 6 | (n = le[t.charAt(l++)]), r === 64 ? i.push(C(e >> 16 & 255)) : n === 64 ? i.push(C(e >> 16 & 255, e >> 8 & 255)) : i.push(C(e >> 16 & 255, e >> 8 & 255, e & 255));
  return i.join("");
}, ke = typeof atob == "function" ? (t) => atob(nt(t)) : ut, lt = typeof Uint8Array.fromBase64 == "function" ? (t) => Uint8Array.fromBase64(t) : (t) => {
  const e = ke(t), r = e.length, n = new Uint8Array(r);
  for (let i = 0; i < r; i++)
    n[i] = e.charCodeAt(i);
  return n;
}, st = (t) => lt(ft(t)), zt = Le ? (t) => Le.decode(lt(t)) : (t) => at(ke(t)), ft = (t) => nt(t.replace(/[-_]/g, (e) => e == "-" ? "+" : "/")), we = (t) => zt(ft(t)), Bt = (t) => {
  if (typeof t != "string")
    return !1;
  const e = t.replace(/\s+/g, "").replace(/={0,2}$/, "");
  return e.length % 4 === 1 ? !1 : !/[^\s0-9a-zA-Z\+/]/.test(e) || !/[^\s0-9a-zA-Z\-_]/.test(e);
}, ct = (t) => ({
  value: t,
  enumerable: !1,
  writable: !0,
  configurable: !0
}), pt = function() {
  const t = (e, r) => Object.defineProperty(String.prototype, e, ct(r));
  t("fromBase64", function() {
    return we(this);
  }), t("toBase64", function(e) {
    return Z(this, e);
  }), t("toBase64URI", function() {
    return Z(this, !0);
  }), t("toBase64URL", function() {
    return Z(this, !0);
  }), t("toUint8Array", function() {
    return st(this);
  });
}, ht = function() {
  const t = (e, r) => Object.defineProperty(Uint8Array.prototype, e, ct(r));
  t("toBase64", function(e) {
    return fe(this, e);
  }), t("toBase64URI", function() {
    return fe(this, !0);
  }), t("toBase64URL", function() {
    return fe(this, !0);
  });
}, Gt = () => {
  pt(), ht();
}, Mt = {
  version: tt,
  VERSION: It,
  atob: ke,
  atobPolyfill: ut,
  btoa: Re,
  btoaPolyfill: ot,
  fromBase64: we,
  toBase64: Z,
  encode: Z,
  encodeURI: Ie,
  encodeURL: Ie,
  utob: it,
  btou: at,
  decode: we,
  isValid: Bt,
  fromUint8Array: fe,
  toUint8Array: st,
  extendString: pt,
  extendUint8Array: ht,
  extendBuiltins: Gt
};
var De = typeof globalThis < "u" ? globalThis : typeof window < "u" ? window : typeof global < "u" ? global : typeof self < "u" ? self : {};
function Kt(t) {
  return t && t.__esModule && Object.prototype.hasOwnProperty.call(t, "default") ? t.default : t;
}
var ye, Fe;
function Vt() {
  return Fe || (Fe = 1, ye = function(e, r) {
    if (r = r.split(":")[0], e = +e, !e) return !1;
    switch (r) {
      case "http":
      case "ws":
        return e !== 80;
      case "https":
      case "wss":
        return e !== 443;
      case "ftp":
        return e !== 21;
      case "gopher":
        return e !== 70;
      case "file":
        return !1;
    }
    return e !== 0;
  }), ye;
}
var se = {}, Ne;
function Xt() {
  if (Ne) return se;
  Ne = 1;
  var t = Object.prototype.hasOwnProperty, e;
  function r(s) {
    try {
      return decodeURIComponent(s.replace(/\+/g, " "));
    } catch {
      return null;
    }
  }
  function n(s) {
    try {
      return encodeURIComponent(s);
    } catch {
      return null;
    }
  }
  function i(s) {
    for (var g = /([^=?#&]+)=?([^&]*)/g, p = {}, b; b = g.exec(s); ) {
      var S = r(b[1]), j = r(b[2]);
      S === null || j === null || S in p || (p[S] = j);
    }
    return p;
  }
  function l(s, g) {
    g = g || "";
    var p = [], b, S;
    typeof g != "string" && (g = "?");
    for (S in s)
      if (t.call(s, S)) {
        if (b = s[S], !b && (b === null || b === e || isNaN(b)) && (b = ""), S = n(S), b = n(b), S === null || b === null) continue;
        p.push(S + "=" + b);
      }
    return p.length ? g + p.join("&") : "";
  }
  return se.stringify = l, se.parse = i, se;
}
var ve, qe;
function Yt() {
  if (qe) return ve;
  qe = 1;
  var t = Vt(), e = Xt(), r = /^[\x00-\x20\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+/, n = /[\n\r\t]/g, i = /^[A-Za-z][A-Za-z0-9+-.]*:\/\//, l = /:\d+$/, s = /^([a-z][a-z0-9.+-]*:)?(\/\/)?([\\/]+)?([\S\s]*)/i, g = /^[a-zA-Z]:/;
  function p(v) {
    return (v || "").toString().replace(r, "");
  }
  var b = [
    ["#", "hash"],
    // Extract from the back.
    ["?", "query"],
    // Extract from the back.
    function(y, m) {
      return L(m.protocol) ? y.replace(/\\/g, "/") : y;
    },
    ["/", "pathname"],
    // Extract from the back.
    ["@", "auth", 1],
    // Extract from the front.
    [NaN, "host", void 0, 1, 1],
    // Set left over value.
    [/:(\d*)$/, "port", void 0, 1],
    // RegExp the back.
    [NaN, "hostname", void 0, 1, 1]
    // Set left over.
  ], S = { hash: 1, query: 1 };
  function j(v) {
    var y;
    typeof window < "u" ? y = window : typeof De < "u" ? y = De : typeof self < "u" ? y = self : y = {};
    var m = y.location || {};
    v = v || m;
    var h = {}, P = typeof v, w;
    if (v.protocol === "blob:")
      h = new A(unescape(v.pathname), {});
    else if (P === "string") {
      h = new A(v, {});
      for (w in S) delete h[w];
    } else if (P === "object") {
      for (w in v)
        w in S || (h[w] = v[w]);
      h.slashes === void 0 && (h.slashes = i.test(v.href));
    }
    return h;
  }
  function L(v) {
    return v === "file:" || v === "ftp:" || v === "http:" || v === "https:" || v === "ws:" || v === "wss:";
  }
  function z(v, y) {
    v = p(v), v = v.replace(n, ""), y = y || {};
    var m = s.exec(v), h = m[1] ? m[1].toLowerCase() : "", P = !!m[2], w = !!m[3], E = 0, x;
    return P ? w ? (x = m[2] + m[3] + m[4], E = m[2].length + m[3].length) : (x = m[2] + m[4], E = m[2].length) : w ? (x = m[3] + m[4], E = m[3].length) : x = m[4], h === "file:" ? E >= 2 && (x = x.slice(2)) : L(h) ? x = m[4] : h ? P && (x = x.slice(2)) : E >= 2 && L(y.protocol) && (x = m[4]), {
      protocol: h,
      slashes: P || L(h),
      slashesCount: E,
      rest: x
    };
  }
  function $(v, y) {
    if (v === "") return y;
    for (var m = (y || "/").split("/").slice(0, -1).concat(v.split("/")), h = m.length, P = m[h - 1], w = !1, E = 0; h--; )
      m[h] === "." ? m.splice(h, 1) : m[h] === ".." ? (m.splice(h, 1), E++) : E && (h === 0 && (w = !0), m.splice(h, 1), E--);
    return w && m.unshift(""), (P === "." || P === "..") && m.push(""), m.join("/");
  }
  function A(v, y, m) {
    if (v = p(v), v = v.replace(n, ""), !(this instanceof A))
      return new A(v, y, m);
    var h, P, w, E, x, F, H = b.slice(), K = typeof y, _ = this, q = 0;
    for (K !== "object" && K !== "string" && (m = y, y = null), m && typeof m != "function" && (m = e.parse), y = j(y), P = z(v || "", y), h = !P.protocol && !P.slashes, _.slashes = P.slashes || h && y.slashes, _.protocol = P.protocol || y.protocol || "", v = P.rest, (P.protocol === "file:" && (P.slashesCount !== 2 || g.test(v)) || !P.slashes && (P.protocol || P.slashesCount < 2 || !L(_.protocol))) && (H[3] = [/(.*)/, "pathname"]); q < H.length; q++) {
      if (E = H[q], typeof E == "function") {
        v = E(v, _);
        continue;
      }
      w = E[0], F = E[1], w !== w ? _[F] = v : typeof w == "string" ? (x = w === "@" ? v.lastIndexOf(w) : v.indexOf(w), ~x && (typeof E[2] == "number" ? (_[F] = v.slice(0, x), v = v.slice(x + E[2])) : (_[F] = v.slice(x), v = v.slice(0, x)))) : (x = w.exec(v)) && (_[F] = x[1], v = v.slice(0, x.index)), _[F] = _[F] || h && E[3] && y[F] || "", E[4] && (_[F] = _[F].toLowerCase());
    }
    m && (_.query = m(_.query)), h && y.slashes && _.pathname.charAt(0) !== "/" && (_.pathname !== "" || y.pathname !== "") && (_.pathname = $(_.pathname, y.pathname)), _.pathname.charAt(0) !== "/" && L(_.protocol) && (_.pathname = "/" + _.pathname), t(_.port, _.protocol) || (_.host = _.hostname, _.port = ""), _.username = _.password = "", _.auth && (x = _.auth.indexOf(":"), ~x ? (_.username = _.auth.slice(0, x), _.username = encodeURIComponent(decodeURIComponent(_.username)), _.password = _.auth.slice(x + 1), _.password = encodeURIComponent(decodeURIComponent(_.password))) : _.username = encodeURIComponent(decodeURIComponent(_.auth)), _.auth = _.password ? _.username + ":" + _.password : _.username), _.origin = _.protocol !== "file:" && L(_.protocol) && _.host ? _.protocol + "//" + _.host : "null", _.href = _.toString();
  }
  function k(v, y, m) {
    var h = this;
    switch (v) {
      case "query":
        typeof y == "string" && y.length && (y = (m || e.parse)(y)), h[v] = y;
        break;
      case "port":
        h[v] = y, t(y, h.protocol) ? y && (h.host = h.hostname + ":" + y) : (h.host = h.hostname, h[v] = "");
        break;
      case "hostname":
        h[v] = y, h.port && (y += ":" + h.port), h.host = y;
        break;
      case "host":
        h[v] = y, l.test(y) ? (y = y.split(":"), h.port = y.pop(), h.hostname = y.join(":")) : (h.hostname = y, h.port = "");
        break;
      case "protocol":
        h.protocol = y.toLowerCase(), h.slashes = !m;
        break;
      case "pathname":
      case "hash":
        if (y) {
          var P = v === "pathname" ? "/" : "#";
          h[v] = y.charAt(0) !== P ? P + y : y;
        } else
          h[v] = y;
        break;
      case "username":
      case "password":
        h[v] = encodeURIComponent(y);
        break;
      case "auth":
        var w = y.indexOf(":");
        ~w ? (h.username = y.slice(0, w), h.username = encodeURIComponent(decodeURIComponent(h.username)), h.password = y.slice(w + 1), h.password = encodeURIComponent(decodeURIComponent(h.password))) : h.username = encodeURIComponent(decodeURIComponent(y));
    }
    for (var E = 0; E < b.length; E++) {
      var x = b[E];
      x[4] && (h[x[1]] = h[x[1]].toLowerCase());
    }
    return h.auth = h.password ? h.username + ":" + h.password : h.username, h.origin = h.protocol !== "file:" && L(h.protocol) && h.host ? h.protocol + "//" + h.host : "null", h.href = h.toString(), h;
  }
  function N(v) {
    (!v || typeof v != "function") && (v = e.stringify);
    var y, m = this, h = m.host, P = m.protocol;
    P && P.charAt(P.length - 1) !== ":" && (P += ":");
    var w = P + (m.protocol && m.slashes || L(m.protocol) ? "//" : "");
    return m.username ? (w += m.username, m.password && (w += ":" + m.password), w += "@") : m.password ? (w += ":" + m.password, w += "@") : m.protocol !== "file:" && L(m.protocol) && !h && m.pathname !== "/" && (w += "@"), (h[h.length - 1] === ":" || l.test(m.hostname) && !m.port) && (h += ":"), w += h + m.pathname, y = typeof m.query == "object" ? v(m.query) : m.query, y && (w += y.charAt(0) !== "?" ? "?" + y : y), m.hash && (w += m.hash), w;
  }
  return A.prototype = { set: k, toString: N }, A.extractProtocol = z, A.location = j, A.trimLeft = p, A.qs = e, ve = A, ve;
}
var Zt = Yt();
const Wt = /* @__PURE__ */ Kt(Zt);
function Jt() {
  return "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, function(t) {
    var e = Math.random() * 16 | 0, r = t === "x" ? e : e & 3 | 8;
    return r.toString(16);
  });
}
function Se() {
  /*! regenerator-runtime -- Copyright (c) 2014-present, Facebook, Inc. -- license (MIT): https://github.com/facebook/regenerator/blob/main/LICENSE */
  Se = function() {
    return e;
  };
  var t, e = {}, r = Object.prototype, n = r.hasOwnProperty, i = Object.defineProperty || function(u, o, a) {
    u[o] = a.value;
  }, l = typeof Symbol == "function" ? Symbol : {}, s = l.iterator || "@@iterator", g = l.asyncIterator || "@@asyncIterator", p = l.toStringTag || "@@toStringTag";
  function b(u, o, a) {
    return Object.defineProperty(u, o, { value: a, enumerable: !0, configurable: !0, writable: !0 }), u[o];
  }
  try {
    b({}, "");
  } catch {
    b = function(a, f, d) {
      return a[f] = d;
    };
  }
  function S(u, o, a, f) {
    var d = o && o.prototype instanceof N ? o : N, c = Object.create(d.prototype), U = new q(f || []);
    return i(c, "_invoke", { value: F(u, a, U) }), c;
  }
  function j(u, o, a) {
    try {
      return { type: "normal", arg: u.call(o, a) };
    } catch (f) {
      return { type: "throw", arg: f };
    }
  }
  e.wrap = S;
  var L = "suspendedStart", z = "suspendedYield", $ = "executing", A = "completed", k = {};
  function N() {
  }
  function v() {
  }
  function y() {
  }
  var m = {};
  b(m, s, function() {
    return this;
  });
  var h = Object.getPrototypeOf, P = h && h(h(B([])));
  P && P !== r && n.call(P, s) && (m = P);
  var w = y.prototype = N.prototype = Object.create(m);
  function E(u) {
    ["next", "throw", "return"].forEach(function(o) {
      b(u, o, function(a) {
        return this._invoke(o, a);
      });
    });
  }
  function x(u, o) {
    function a(d, c, U, O) {
      var R = j(u[d], u, c);
      if (R.type !== "throw") {
        var I = R.arg, T = I.value;
        return T && G(T) == "object" && n.call(T, "__await") ? o.resolve(T.__await).then(function(D) {
          a("next", D, U, O);
        }, function(D) {
          a("throw", D, U, O);
        }) : o.resolve(T).then(function(D) {
          I.value = D, U(I);
        }, function(D) {
          return a("throw", D, U, O);
        });
      }
      O(R.arg);
    }
    var f;
    i(this, "_invoke", { value: function(c, U) {
      function O() {
        return new o(function(R, I) {
          a(c, U, R, I);
        });
      }
      return f = f ? f.then(O, O) : O();
    } });
  }
  function F(u, o, a) {
    var f = L;
    return function(d, c) {
      if (f === $) throw Error("Generator is already running");
      if (f === A) {
        if (d === "throw") throw c;
        return { value: t, done: !0 };
      }
      for (a.method = d, a.arg = c; ; ) {
        var U = a.delegate;
        if (U) {
          var O = H(U, a);
          if (O) {
            if (O === k) continue;
            return O;
          }
        }
        if (a.method === "next") a.sent = a._sent = a.arg;
        else if (a.method === "throw") {
          if (f === L) throw f = A, a.arg;
          a.dispatchException(a.arg);
        } else a.method === "return" && a.abrupt("return", a.arg);
        f = $;
        var R = j(u, o, a);
        if (R.type === "normal") {
          if (f = a.done ? A : z, R.arg === k) continue;
          return { value: R.arg, done: a.done };
        }
        R.type === "throw" && (f = A, a.method = "throw", a.arg = R.arg);
      }
    };
  }
  function H(u, o) {
    var a = o.method, f = u.iterator[a];
    if (f === t) return o.delegate = null, a === "throw" && u.iterator.return && (o.method = "return", o.arg = t, H(u, o), o.method === "throw") || a !== "return" && (o.method = "throw", o.arg = new TypeError("The iterator does not provide a '" + a + "' method")), k;
    var d = j(f, u.iterator, o.arg);
    if (d.type === "throw") return o.method = "throw", o.arg = d.arg, o.delegate = null, k;
    var c = d.arg;
    return c ? c.done ? (o[u.resultName] = c.value, o.next = u.nextLoc, o.method !== "return" && (o.method = "next", o.arg = t), o.delegate = null, k) : c : (o.method = "throw", o.arg = new TypeError("iterator result is not an object"), o.delegate = null, k);
  }
  function K(u) {
    var o = { tryLoc: u[0] };
    1 in u && (o.catchLoc = u[1]), 2 in u && (o.finallyLoc = u[2], o.afterLoc = u[3]), this.tryEntries.push(o);
  }
  function _(u) {
    var o = u.completion || {};
    o.type = "normal", delete o.arg, u.completion = o;
  }
  function q(u) {
    this.tryEntries = [{ tryLoc: "root" }], u.forEach(K, this), this.reset(!0);
  }
  function B(u) {
    if (u || u === "") {
      var o = u[s];
      if (o) return o.call(u);
      if (typeof u.next == "function") return u;
      if (!isNaN(u.length)) {
        var a = -1, f = function d() {
          for (; ++a < u.length; ) if (n.call(u, a)) return d.value = u[a], d.done = !1, d;
          return d.value = t, d.done = !0, d;
        };
        return f.next = f;
      }
    }
    throw new TypeError(G(u) + " is not iterable");
  }
  return v.prototype = y, i(w, "constructor", { value: y, configurable: !0 }), i(y, "constructor", { value: v, configurable: !0 }), v.displayName = b(y, p, "GeneratorFunction"), e.isGeneratorFunction = function(u) {
    var o = typeof u == "function" && u.constructor;
    return !!o && (o === v || (o.displayName || o.name) === "GeneratorFunction");
  }, e.mark = function(u) {
    return Object.setPrototypeOf ? Object.setPrototypeOf(u, y) : (u.__proto__ = y, b(u, p, "GeneratorFunction")), u.prototype = Object.create(w), u;
  }, e.awrap = function(u) {
    return { __await: u };
  }, E(x.prototype), b(x.prototype, g, function() {
    return this;
  }), e.AsyncIterator = x, e.async = function(u, o, a, f, d) {
    d === void 0 && (d = Promise);
    var c = new x(S(u, o, a, f), d);
    return e.isGeneratorFunction(o) ? c : c.next().then(function(U) {
      return U.done ? U.value : c.next();
    });
  }, E(w), b(w, p, "Generator"), b(w, s, function() {
    return this;
  }), b(w, "toString", function() {
    return "[object Generator]";
  }), e.keys = function(u) {
    var o = Object(u), a = [];
    for (var f in o) a.push(f);
    return a.reverse(), function d() {
      for (; a.length; ) {
        var c = a.pop();
        if (c in o) return d.value = c, d.done = !1, d;
      }
      return d.done = !0, d;
    };
  }, e.values = B, q.prototype = { constructor: q, reset: function(o) {
    if (this.prev = 0, this.next = 0, this.sent = this._sent = t, this.done = !1, this.delegate = null, this.method = "next", this.arg = t, this.tryEntries.forEach(_), !o) for (var a in this) a.charAt(0) === "t" && n.call(this, a) && !isNaN(+a.slice(1)) && (this[a] = t);
  }, stop: function() {
    this.done = !0;
    var o = this.tryEntries[0].completion;
    if (o.type === "throw") throw o.arg;
    return this.rval;
  }, dispatchException: function(o) {
    if (this.done) throw o;
    var a = this;
    function f(I, T) {
      return U.type = "throw", U.arg = o, a.next = I, T && (a.method = "next", a.arg = t), !!T;
    }
    for (var d = this.tryEntries.length - 1; d >= 0; --d) {
      var c = this.tryEntries[d], U = c.completion;
      if (c.tryLoc === "root") return f("end");
      if (c.tryLoc <= this.prev) {
        var O = n.call(c, "catchLoc"), R = n.call(c, "finallyLoc");
        if (O && R) {
          if (this.prev < c.catchLoc) return f(c.catchLoc, !0);
          if (this.prev < c.finallyLoc) return f(c.finallyLoc);
        } else if (O) {
          if (this.prev < c.catchLoc) return f(c.catchLoc, !0);
        } else {
          if (!R) throw Error("try statement without catch or finally");
          if (this.prev < c.finallyLoc) return f(c.finallyLoc);
        }
      }
    }
  }, abrupt: function(o, a) {
    for (var f = this.tryEntries.length - 1; f >= 0; --f) {
      var d = this.tryEntries[f];
      if (d.tryLoc <= this.prev && n.call(d, "finallyLoc") && this.prev < d.finallyLoc) {
        var c = d;
        break;
      }
    }
    c && (o === "break" || o === "continue") && c.tryLoc <= a && a <= c.finallyLoc && (c = null);
    var U = c ? c.completion : {};
    return U.type = o, U.arg = a, c ? (this.method = "next", this.next = c.finallyLoc, k) : this.complete(U);
  }, complete: function(o, a) {
    if (o.type === "throw") throw o.arg;
    return o.type === "break" || o.type === "continue" ? this.next = o.arg : o.type === "return" ? (this.rval = this.arg = o.arg, this.method = "return", this.next = "end") : o.type === "normal" && a && (this.next = a), k;
  }, finish: function(o) {
    for (var a = this.tryEntries.length - 1; a >= 0; --a) {
      var f = this.tryEntries[a];
      if (f.finallyLoc === o) return this.complete(f.completion, f.afterLoc), _(f), k;
    }
  }, catch: function(o) {
    for (var a = this.tryEntries.length - 1; a >= 0; --a) {
      var f = this.tryEntries[a];
      if (f.tryLoc === o) {
        var d = f.completion;
        if (d.type === "throw") {
          var c = d.arg;
          _(f);
        }
        return c;
      }
    }
    throw Error("illegal catch attempt");
  }, delegateYield: function(o, a, f) {
    return this.delegate = { iterator: B(o), resultName: a, nextLoc: f }, this.method === "next" && (this.arg = t), k;
  } }, e;
}
function $e(t, e, r, n, i, l, s) {
  try {
    var g = t[l](s), p = g.value;
  } catch (b) {
    r(b);
    return;
  }
  g.done ? e(p) : Promise.resolve(p).then(n, i);
}
function Qt(t) {
  return function() {
    var e = this, r = arguments;
    return new Promise(function(n, i) {
      var l = t.apply(e, r);
      function s(p) {
        $e(l, n, i, s, g, "next", p);
      }
      function g(p) {
        $e(l, n, i, s, g, "throw", p);
      }
      s(void 0);
    });
  };
}
function dt(t, e) {
  return rr(t) || tr(t, e) || yt(t, e) || er();
}
function er() {
  throw new TypeError(`Invalid attempt to destructure non-iterable instance.
In order to be iterable, non-array objects must have a [Symbol.iterator]() method.`);
}
function tr(t, e) {
  var r = t == null ? null : typeof Symbol < "u" && t[Symbol.iterator] || t["@@iterator"];
  if (r != null) {
    var n, i, l, s, g = [], p = !0, b = !1;
    try {
      if (l = (r = r.call(t)).next, e !== 0) for (; !(p = (n = l.call(r)).done) && (g.push(n.value), g.length !== e); p = !0) ;
    } catch (S) {
      b = !0, i = S;
    } finally {
      try {
        if (!p && r.return != null && (s = r.return(), Object(s) !== s)) return;
      } finally {
        if (b) throw i;
      }
    }
    return g;
  }
}
function rr(t) {
  if (Array.isArray(t)) return t;
}
function G(t) {
  "@babel/helpers - typeof";
  return G = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, G(t);
}
function nr(t, e) {
  var r = typeof Symbol < "u" && t[Symbol.iterator] || t["@@iterator"];
  if (!r) {
    if (Array.isArray(t) || (r = yt(t)) || e) {
      r && (t = r);
      var n = 0, i = function() {
      };
      return { s: i, n: function() {
        return n >= t.length ? { done: !0 } : { done: !1, value: t[n++] };
      }, e: function(b) {
        throw b;
      }, f: i };
    }
    throw new TypeError(`Invalid attempt to iterate non-iterable instance.
In order to be iterable, non-array objects must have a [Symbol.iterator]() method.`);
  }
  var l = !0, s = !1, g;
  return { s: function() {
    r = r.call(t);
  }, n: function() {
    var b = r.next();
    return l = b.done, b;
  }, e: function(b) {
    s = !0, g = b;
  }, f: function() {
    try {
      !l && r.return != null && r.return();
    } finally {
      if (s) throw g;
    }
  } };
}
function yt(t, e) {
  if (t) {
    if (typeof t == "string") return He(t, e);
    var r = Object.prototype.toString.call(t).slice(8, -1);
    if (r === "Object" && t.constructor && (r = t.constructor.name), r === "Map" || r === "Set") return Array.from(t);
    if (r === "Arguments" || /^(?:Ui|I)nt(?:8|16|32)(?:Clamped)?Array$/.test(r)) return He(t, e);
  }
}
function He(t, e) {
  (e == null || e > t.length) && (e = t.length);
  for (var r = 0, n = new Array(e); r < e; r++) n[r] = t[r];
  return n;
}
function ze(t, e) {
  var r = Object.keys(t);
  if (Object.getOwnPropertySymbols) {
    var n = Object.getOwnPropertySymbols(t);
    e && (n = n.filter(function(i) {
      return Object.getOwnPropertyDescriptor(t, i).enumerable;
    })), r.push.apply(r, n);
  }
  return r;
}
function V(t) {
  for (var e = 1; e < arguments.length; e++) {
    var r = arguments[e] != null ? arguments[e] : {};
    e % 2 ? ze(Object(r), !0).forEach(function(n) {
      or(t, n, r[n]);
    }) : Object.getOwnPropertyDescriptors ? Object.defineProperties(t, Object.getOwnPropertyDescriptors(r)) : ze(Object(r)).forEach(function(n) {
      Object.defineProperty(t, n, Object.getOwnPropertyDescriptor(r, n));
    });
  }
  return t;
}
function or(t, e, r) {
  return e = vt(e), e in t ? Object.defineProperty(t, e, { value: r, enumerable: !0, configurable: !0, writable: !0 }) : t[e] = r, t;
}
function ir(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function Be(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, vt(n.key), n);
  }
}
function ar(t, e, r) {
  return e && Be(t.prototype, e), r && Be(t, r), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function vt(t) {
  var e = ur(t, "string");
  return G(e) == "symbol" ? e : e + "";
}
function ur(t, e) {
  if (G(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (G(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var ce = "tus-v1", pe = "ietf-draft-03", Q = "ietf-draft-05", lr = {
  endpoint: null,
  uploadUrl: null,
  metadata: {},
  metadataForPartialUploads: {},
  fingerprint: null,
  uploadSize: null,
  onProgress: null,
  onChunkComplete: null,
  onSuccess: null,
  onError: null,
  onUploadUrlAvailable: null,
  overridePatchMethod: !1,
  headers: {},
  addRequestId: !1,
  onBeforeRequest: null,
  onAfterResponse: null,
  onShouldRetry: mt,
  chunkSize: Number.POSITIVE_INFINITY,
  retryDelays: [0, 1e3, 3e3, 5e3],
  parallelUploads: 1,
  parallelUploadBoundaries: null,
  storeFingerprintForResuming: !0,
  removeFingerprintOnSuccess: !1,
  uploadLengthDeferred: !1,
  uploadDataDuringCreation: !1,
  urlStorage: null,
  fileReader: null,
  httpStack: null,
  protocol: ce
}, he = /* @__PURE__ */ (function() {
  function t(e, r) {
    ir(this, t), "resume" in r && console.log("tus: The `resume` option has been removed in tus-js-client v2. Please use the URL storage API instead."), this.options = r, this.options.chunkSize = Number(this.options.chunkSize), this._urlStorage = this.options.urlStorage, this.file = e, this.url = null, this._req = null, this._fingerprint = null, this._urlStorageKey = null, this._offset = null, this._aborted = !1, this._size = null, this._source = null, this._retryAttempt = 0, this._retryTimeout = null, this._offsetBeforeRetry = 0, this._parallelUploads = null, this._parallelUploadUrls = null;
  }
  return ar(t, [{
    key: "findPreviousUploads",
    value: function() {
      var r = this;
      return this.options.fingerprint(this.file, this.options).then(function(n) {
        return r._urlStorage.findUploadsByFingerprint(n);
      });
    }
  }, {
    key: "resumeFromPreviousUpload",
    value: function(r) {
      this.url = r.uploadUrl || null, this._parallelUploadUrls = r.parallelUploadUrls || null, this._urlStorageKey = r.urlStorageKey;
    }
  }, {
    key: "start",
    value: function() {
      var r = this, n = this.file;
      if (!n) {
        this._emitError(new Error("tus: no file or stream to upload provided"));
        return;
      }
      if (![ce, pe, Q].includes(this.options.protocol)) {
        this._emitError(new Error("tus: unsupported protocol ".concat(this.options.protocol)));
        return;
      }
      if (!this.options.endpoint && !this.options.uploadUrl && !this.url) {
        this._emitError(new Error("tus: neither an endpoint or an upload URL is provided"));
        return;
      }
      var i = this.options.retryDelays;
      if (i != null && Object.prototype.toString.call(i) !== "[object Array]") {
        this._emitError(new Error("tus: the `retryDelays` option must either be an array or null"));
        return;
      }
      if (this.options.parallelUploads > 1)
        for (var l = 0, s = ["uploadUrl", "uploadSize", "uploadLengthDeferred"]; l < s.length; l++) {
          var g = s[l];
          if (this.options[g]) {
            this._emitError(new Error("tus: cannot use the ".concat(g, " option when parallelUploads is enabled")));
            return;
          }
        }
      if (this.options.parallelUploadBoundaries) {
        if (this.options.parallelUploads <= 1) {
          this._emitError(new Error("tus: cannot use the `parallelUploadBoundaries` option when `parallelUploads` is disabled"));
          return;
        }
        if (this.options.parallelUploads !== this.options.parallelUploadBoundaries.length) {
          this._emitError(new Error("tus: the `parallelUploadBoundaries` must have the same length as the value of `parallelUploads`"));
          return;
        }
      }
      this.options.fingerprint(n, this.options).then(function(p) {
        return r._fingerprint = p, r._source ? r._source : r.options.fileReader.openFile(n, r.options.chunkSize);
      }).then(function(p) {
        if (r._source = p, r.options.uploadLengthDeferred)
          r._size = null;
        else if (r.options.uploadSize != null) {
          if (r._size = Number(r.options.uploadSize), Number.isNaN(r._size)) {
            r._emitError(new Error("tus: cannot convert `uploadSize` option into a number"));
            return;
          }
        } else if (r._size = r._source.size, r._size == null) {
          r._emitError(new Error("tus: cannot automatically derive upload's size from input. Specify it manually using the `uploadSize` option or use the `uploadLengthDeferred` option"));
          return;
        }
        r.options.parallelUploads > 1 || r._parallelUploadUrls != null ? r._startParallelUpload() : r._startSingleUpload();
      }).catch(function(p) {
        r._emitError(p);
      });
    }
    /**
     * Initiate the uploading procedure for a parallelized upload, where one file is split into
     * multiple request which are run in parallel.
     *
     * @api private
     */
  }, {
    key: "_startParallelUpload",
    value: function() {
      var r, n = this, i = this._size, l = 0;
      this._parallelUploads = [];
      var s = this._parallelUploadUrls != null ? this._parallelUploadUrls.length : this.options.parallelUploads, g = (r = this.options.parallelUploadBoundaries) !== null && r !== void 0 ? r : fr(this._source.size, s);
      this._parallelUploadUrls && g.forEach(function(S, j) {
        S.uploadUrl = n._parallelUploadUrls[j] || null;
      }), this._parallelUploadUrls = new Array(g.length);
      var p = g.map(function(S, j) {
        var L = 0;
        return n._source.slice(S.start, S.end).then(function(z) {
          var $ = z.value;
          return new Promise(function(A, k) {
            var N = V(V({}, n.options), {}, {
              // If available, the partial upload should be resumed from a previous URL.
              uploadUrl: S.uploadUrl || null,
              // We take manually care of resuming for partial uploads, so they should
              // not be stored in the URL storage.
              storeFingerprintForResuming: !1,
              removeFingerprintOnSuccess: !1,
              // Reset the parallelUploads option to not cause recursion.
              parallelUploads: 1,
              // Reset this option as we are not doing a parallel upload.
              parallelUploadBoundaries: null,
              metadata: n.options.metadataForPartialUploads,
              // Add the header to indicate the this is a partial upload.
              headers: V(V({}, n.options.headers), {}, {
                "Upload-Concat": "partial"
              }),
              // Reject or resolve the promise if the upload errors or completes.
              onSuccess: A,
              onError: k,
              // Based in the progress for this partial upload, calculate the progress
              // for the entire final upload.
              onProgress: function(m) {
                l = l - L + m, L = m, n._emitProgress(l, i);
              },
              // Wait until every partial upload has an upload URL, so we can add
              // them to the URL storage.
              onUploadUrlAvailable: function() {
                n._parallelUploadUrls[j] = v.url, n._parallelUploadUrls.filter(function(m) {
                  return !!m;
                }).length === g.length && n._saveUploadInUrlStorage();
              }
            }), v = new t($, N);
            v.start(), n._parallelUploads.push(v);
          });
        });
      }), b;
      Promise.all(p).then(function() {
        b = n._openRequest("POST", n.options.endpoint), b.setHeader("Upload-Concat", "final;".concat(n._parallelUploadUrls.join(" ")));
        var S = Ge(n.options.metadata);
        return S !== "" && b.setHeader("Upload-Metadata", S), n._sendRequest(b, null);
      }).then(function(S) {
        if (!X(S.getStatus(), 200)) {
          n._emitHttpError(b, S, "tus: unexpected response while creating upload");
          return;
        }
        var j = S.getHeader("Location");
        if (j == null) {
          n._emitHttpError(b, S, "tus: invalid or missing Location header");
          return;
        }
        n.url = Xe(n.options.endpoint, j), "Created upload at ".concat(n.url), n._emitSuccess(S);
      }).catch(function(S) {
        n._emitError(S);
      });
    }
    /**
     * Initiate the uploading procedure for a non-parallel upload. Here the entire file is
     * uploaded in a sequential matter.
     *
     * @api private
     */
  }, {
    key: "_startSingleUpload",
    value: function() {
      if (this._aborted = !1, this.url != null) {
        "Resuming upload from previous URL: ".concat(this.url), this._resumeUpload();
        return;
      }
      if (this.options.uploadUrl != null) {
        "Resuming upload from provided URL: ".concat(this.options.uploadUrl), this.url = this.options.uploadUrl, this._resumeUpload();
        return;
      }
      this._createUpload();
    }
    /**
     * Abort any running request and stop the current upload. After abort is called, no event
     * handler will be invoked anymore. You can use the `start` method to resume the upload
     * again.
     * If `shouldTerminate` is true, the `terminate` function will be called to remove the
     * current upload from the server.
     *
     * @param {boolean} shouldTerminate True if the upload should be deleted from the server.
     * @return {Promise} The Promise will be resolved/rejected when the requests finish.
     */
  }, {
    key: "abort",
    value: function(r) {
      var n = this;
      if (this._parallelUploads != null) {
        var i = nr(this._parallelUploads), l;
        try {
          for (i.s(); !(l = i.n()).done; ) {
            var s = l.value;
            s.abort(r);
          }
        } catch (g) {
          i.e(g);
        } finally {
          i.f();
        }
      }
      return this._req !== null && this._req.abort(), this._aborted = !0, this._retryTimeout != null && (clearTimeout(this._retryTimeout), this._retryTimeout = null), !r || this.url == null ? Promise.resolve() : t.terminate(this.url, this.options).then(function() {
        return n._removeFromUrlStorage();
      });
    }
  }, {
    key: "_emitHttpError",
    value: function(r, n, i, l) {
      this._emitError(new ue(i, l, r, n));
    }
  }, {
    key: "_emitError",
    value: function(r) {
      var n = this;
      if (!this._aborted) {
        if (this.options.retryDelays != null) {
          var i = this._offset != null && this._offset > this._offsetBeforeRetry;
          if (i && (this._retryAttempt = 0), Ve(r, this._retryAttempt, this.options)) {
            var l = this.options.retryDelays[this._retryAttempt++];
            this._offsetBeforeRetry = this._offset, this._retryTimeout = setTimeout(function() {
              n.start();
            }, l);
            return;
          }
        }
        if (typeof this.options.onError == "function")
          this.options.onError(r);
        else
          throw r;
      }
    }
    /**
     * Publishes notification if the upload has been successfully completed.
     *
     * @param {object} lastResponse Last HTTP response.
     * @api private
     */
  }, {
    key: "_emitSuccess",
    value: function(r) {
      this.options.removeFingerprintOnSuccess && this._removeFromUrlStorage(), typeof this.options.onSuccess == "function" && this.options.onSuccess({
        lastResponse: r
      });
    }
    /**
     * Publishes notification when data has been sent to the server. This
     * data may not have been accepted by the server yet.
     *
     * @param {number} bytesSent  Number of bytes sent to the server.
     * @param {number} bytesTotal Total number of bytes to be sent to the server.
     * @api private
     */
  }, {
    key: "_emitProgress",
    value: function(r, n) {
      typeof this.options.onProgress == "function" && this.options.onProgress(r, n);
    }
    /**
     * Publishes notification when a chunk of data has been sent to the server
     * and accepted by the server.
     * @param {number} chunkSize  Size of the chunk that was accepted by the server.
     * @param {number} bytesAccepted Total number of bytes that have been
     *                                accepted by the server.
     * @param {number} bytesTotal Total number of bytes to be sent to the server.
     * @api private
     */
  }, {
    key: "_emitChunkComplete",
    value: function(r, n, i) {
      typeof this.options.onChunkComplete == "function" && this.options.onChunkComplete(r, n, i);
    }
    /**
     * Create a new upload using the creation extension by sending a POST
     * request to the endpoint. After successful creation the file will be
     * uploaded
     *
     * @api private
     */
  }, {
    key: "_createUpload",
    value: function() {
      var r = this;
      if (!this.options.endpoint) {
        this._emitError(new Error("tus: unable to create upload because no endpoint is provided"));
        return;
      }
      var n = this._openRequest("POST", this.options.endpoint);
      this.options.uploadLengthDeferred ? n.setHeader("Upload-Defer-Length", "1") : n.setHeader("Upload-Length", "".concat(this._size));
      var i = Ge(this.options.metadata);
      i !== "" && n.setHeader("Upload-Metadata", i);
      var l;
      this.options.uploadDataDuringCreation && !this.options.uploadLengthDeferred ? (this._offset = 0, l = this._addChunkToRequest(n)) : ((this.options.protocol === pe || this.options.protocol === Q) && n.setHeader("Upload-Complete", "?0"), l = this._sendRequest(n, null)), l.then(function(s) {
        if (!X(s.getStatus(), 200)) {
          r._emitHttpError(n, s, "tus: unexpected response while creating upload");
          return;
        }
        var g = s.getHeader("Location");
        if (g == null) {
          r._emitHttpError(n, s, "tus: invalid or missing Location header");
          return;
        }
        if (r.url = Xe(r.options.endpoint, g), "Created upload at ".concat(r.url), typeof r.options.onUploadUrlAvailable == "function" && r.options.onUploadUrlAvailable(), r._size === 0) {
          r._emitSuccess(s), r._source.close();
          return;
        }
        r._saveUploadInUrlStorage().then(function() {
          r.options.uploadDataDuringCreation ? r._handleUploadResponse(n, s) : (r._offset = 0, r._performUpload());
        });
      }).catch(function(s) {
        r._emitHttpError(n, null, "tus: failed to create upload", s);
      });
    }
    /*
     * Try to resume an existing upload. First a HEAD request will be sent
     * to retrieve the offset. If the request fails a new upload will be
     * created. In the case of a successful response the file will be uploaded.
     *
     * @api private
     */
  }, {
    key: "_resumeUpload",
    value: function() {
      var r = this, n = this._openRequest("HEAD", this.url), i = this._sendRequest(n, null);
      i.then(function(l) {
        var s = l.getStatus();
        if (!X(s, 200)) {
          if (s === 423) {
            r._emitHttpError(n, l, "tus: upload is currently locked; retry later");
            return;
          }
          if (X(s, 400) && r._removeFromUrlStorage(), !r.options.endpoint) {
            r._emitHttpError(n, l, "tus: unable to resume upload (new upload cannot be created without an endpoint)");
            return;
          }
          r.url = null, r._createUpload();
          return;
        }
        var g = Number.parseInt(l.getHeader("Upload-Offset"), 10);
        if (Number.isNaN(g)) {
          r._emitHttpError(n, l, "tus: invalid or missing offset value");
          return;
        }
        var p = Number.parseInt(l.getHeader("Upload-Length"), 10);
        if (Number.isNaN(p) && !r.options.uploadLengthDeferred && r.options.protocol === ce) {
          r._emitHttpError(n, l, "tus: invalid or missing length value");
          return;
        }
        typeof r.options.onUploadUrlAvailable == "function" && r.options.onUploadUrlAvailable(), r._saveUploadInUrlStorage().then(function() {
          if (g === p) {
            r._emitProgress(p, p), r._emitSuccess(l);
            return;
          }
          r._offset = g, r._performUpload();
        });
      }).catch(function(l) {
        r._emitHttpError(n, null, "tus: failed to resume upload", l);
      });
    }
    /**
     * Start uploading the file using PATCH requests. The file will be divided
     * into chunks as specified in the chunkSize option. During the upload
     * the onProgress event handler may be invoked multiple times.
     *
     * @api private
     */
  }, {
    key: "_performUpload",
    value: function() {
      var r = this;
      if (!this._aborted) {
        var n;
        this.options.overridePatchMethod ? (n = this._openRequest("POST", this.url), n.setHeader("X-HTTP-Method-Override", "PATCH")) : n = this._openRequest("PATCH", this.url), n.setHeader("Upload-Offset", "".concat(this._offset));
        var i = this._addChunkToRequest(n);
        i.then(function(l) {
          if (!X(l.getStatus(), 200)) {
            r._emitHttpError(n, l, "tus: unexpected response while uploading chunk");
            return;
          }
          r._handleUploadResponse(n, l);
        }).catch(function(l) {
          r._aborted || r._emitHttpError(n, null, "tus: failed to upload chunk at offset ".concat(r._offset), l);
        });
      }
    }
    /**
     * _addChunktoRequest reads a chunk from the source and sends it using the
     * supplied request object. It will not handle the response.
     *
     * @api private
     */
  }, {
    key: "_addChunkToRequest",
    value: function(r) {
      var n = this, i = this._offset, l = this._offset + this.options.chunkSize;
      return r.setProgressHandler(function(s) {
        n._emitProgress(i + s, n._size);
      }), this.options.protocol === ce ? r.setHeader("Content-Type", "application/offset+octet-stream") : this.options.protocol === Q && r.setHeader("Content-Type", "application/partial-upload"), (l === Number.POSITIVE_INFINITY || l > this._size) && !this.options.uploadLengthDeferred && (l = this._size), this._source.slice(i, l).then(function(s) {
        var g = s.value, p = s.done, b = g != null && g.size ? g.size : 0;
        n.options.uploadLengthDeferred && p && (n._size = n._offset + b, r.setHeader("Upload-Length", "".concat(n._size)));
        var S = n._offset + b;
        return !n.options.uploadLengthDeferred && p && S !== n._size ? Promise.reject(new Error("upload was configured with a size of ".concat(n._size, " bytes, but the source is done after ").concat(S, " bytes"))) : g === null ? n._sendRequest(r) : ((n.options.protocol === pe || n.options.protocol === Q) && r.setHeader("Upload-Complete", p ? "?1" : "?0"), n._emitProgress(n._offset, n._size), n._sendRequest(r, g));
      });
    }
    /**
     * _handleUploadResponse is used by requests that haven been sent using _addChunkToRequest
     * and already have received a response.
     *
     * @api private
     */
  }, {
    key: "_handleUploadResponse",
    value: function(r, n) {
      var i = Number.parseInt(n.getHeader("Upload-Offset"), 10);
      if (Number.isNaN(i)) {
        this._emitHttpError(r, n, "tus: invalid or missing offset value");
        return;
      }
      if (this._emitProgress(i, this._size), this._emitChunkComplete(i - this._offset, i, this._size), this._offset = i, i === this._size) {
        this._emitSuccess(n), this._source.close();
        return;
      }
      this._performUpload();
    }
    /**
     * Create a new HTTP request object with the given method and URL.
     *
     * @api private
     */
  }, {
    key: "_openRequest",
    value: function(r, n) {
      var i = Me(r, n, this.options);
      return this._req = i, i;
    }
    /**
     * Remove the entry in the URL storage, if it has been saved before.
     *
     * @api private
     */
  }, {
    key: "_removeFromUrlStorage",
    value: function() {
      var r = this;
      this._urlStorageKey && (this._urlStorage.removeUpload(this._urlStorageKey).catch(function(n) {
        r._emitError(n);
      }), this._urlStorageKey = null);
    }
    /**
     * Add the upload URL to the URL storage, if possible.
     *
     * @api private
     */
  }, {
    key: "_saveUploadInUrlStorage",
    value: function() {
      var r = this;
      if (!this.options.storeFingerprintForResuming || !this._fingerprint || this._urlStorageKey !== null)
        return Promise.resolve();
      var n = {
        size: this._size,
        metadata: this.options.metadata,
        creationTime: (/* @__PURE__ */ new Date()).toString()
      };
      return this._parallelUploads ? n.parallelUploadUrls = this._parallelUploadUrls : n.uploadUrl = this.url, this._urlStorage.addUpload(this._fingerprint, n).then(function(i) {
        r._urlStorageKey = i;
      });
    }
    /**
     * Send a request with the provided body.
     *
     * @api private
     */
  }, {
    key: "_sendRequest",
    value: function(r) {
      var n = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : null;
      return Ke(r, n, this.options);
    }
  }], [{
    key: "terminate",
    value: function(r) {
      var n = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : {}, i = Me("DELETE", r, n);
      return Ke(i, null, n).then(function(l) {
        if (l.getStatus() !== 204)
          throw new ue("tus: unexpected response while terminating upload", null, i, l);
      }).catch(function(l) {
        if (l instanceof ue || (l = new ue("tus: failed to terminate upload", l, i, null)), !Ve(l, 0, n))
          throw l;
        var s = n.retryDelays[0], g = n.retryDelays.slice(1), p = V(V({}, n), {}, {
          retryDelays: g
        });
        return new Promise(function(b) {
          return setTimeout(b, s);
        }).then(function() {
          return t.terminate(r, p);
        });
      });
    }
  }]);
})();
function Ge(t) {
  return Object.entries(t).map(function(e) {
    var r = dt(e, 2), n = r[0], i = r[1];
    return "".concat(n, " ").concat(Mt.encode(String(i)));
  }).join(",");
}
function X(t, e) {
  return t >= e && t < e + 100;
}
function Me(t, e, r) {
  var n = r.httpStack.createRequest(t, e);
  r.protocol === pe ? n.setHeader("Upload-Draft-Interop-Version", "5") : r.protocol === Q ? n.setHeader("Upload-Draft-Interop-Version", "6") : n.setHeader("Tus-Resumable", "1.0.0");
  for (var i = r.headers || {}, l = 0, s = Object.entries(i); l < s.length; l++) {
    var g = dt(s[l], 2), p = g[0], b = g[1];
    n.setHeader(p, b);
  }
  if (r.addRequestId) {
    var S = Jt();
    n.setHeader("X-Request-ID", S);
  }
  return n;
}
function Ke(t, e, r) {
  return Ue.apply(this, arguments);
}
function Ue() {
  return Ue = Qt(/* @__PURE__ */ Se().mark(function t(e, r, n) {
    var i;
    return Se().wrap(function(s) {
      for (; ; ) switch (s.prev = s.next) {
        case 0:
          if (typeof n.onBeforeRequest != "function") {
            s.next = 3;
            break;
          }
          return s.next = 3, n.onBeforeRequest(e);
        case 3:
          return s.next = 5, e.send(r);
        case 5:
          if (i = s.sent, typeof n.onAfterResponse != "function") {
            s.next = 9;
            break;
          }
          return s.next = 9, n.onAfterResponse(e, i);
        case 9:
          return s.abrupt("return", i);
        case 10:
        case "end":
          return s.stop();
      }
    }, t);
  })), Ue.apply(this, arguments);
}
function sr() {
  var t = !0;
  return typeof navigator < "u" && navigator.onLine === !1 && (t = !1), t;
}
function Ve(t, e, r) {
  return r.retryDelays == null || e >= r.retryDelays.length || t.originalRequest == null ? !1 : r && typeof r.onShouldRetry == "function" ? r.onShouldRetry(t, e, r) : mt(t);
}
function mt(t) {
  var e = t.originalResponse ? t.originalResponse.getStatus() : 0;
  return (!X(e, 400) || e === 409 || e === 423) && sr();
}
function Xe(t, e) {
  return new Wt(e, t).toString();
}
function fr(t, e) {
  for (var r = Math.floor(t / e), n = [], i = 0; i < e; i++)
    n.push({
      start: r * i,
      end: r * (i + 1)
    });
  return n[e - 1].end = t, n;
}
he.defaultOptions = lr;
var gt = function() {
  return typeof navigator < "u" && typeof navigator.product == "string" && navigator.product.toLowerCase() === "reactnative";
};
function cr(t) {
  return new Promise(function(e, r) {
    var n = new XMLHttpRequest();
    n.responseType = "blob", n.onload = function() {
      var i = n.response;
      e(i);
    }, n.onerror = function(i) {
      r(i);
    }, n.open("GET", t), n.send();
  });
}
var pr = function() {
  return typeof window < "u" && (typeof window.PhoneGap < "u" || typeof window.Cordova < "u" || typeof window.cordova < "u");
};
function hr(t) {
  return new Promise(function(e, r) {
    var n = new FileReader();
    n.onload = function() {
      var i = new Uint8Array(n.result);
      e({
        value: i
      });
    }, n.onerror = function(i) {
      r(i);
    }, n.readAsArrayBuffer(t);
  });
}
function ne(t) {
  "@babel/helpers - typeof";
  return ne = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, ne(t);
}
function dr(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function yr(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, mr(n.key), n);
  }
}
function vr(t, e, r) {
  return e && yr(t.prototype, e), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function mr(t) {
  var e = gr(t, "string");
  return ne(e) == "symbol" ? e : e + "";
}
function gr(t, e) {
  if (ne(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (ne(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var Ye = /* @__PURE__ */ (function() {
  function t(e) {
    dr(this, t), this._file = e, this.size = e.size;
  }
  return vr(t, [{
    key: "slice",
    value: function(r, n) {
      if (pr())
        return hr(this._file.slice(r, n));
      var i = this._file.slice(r, n), l = n >= this.size;
      return Promise.resolve({
        value: i,
        done: l
      });
    }
  }, {
    key: "close",
    value: function() {
    }
  }]);
})();
function oe(t) {
  "@babel/helpers - typeof";
  return oe = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, oe(t);
}
function br(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function _r(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, Sr(n.key), n);
  }
}
function wr(t, e, r) {
  return e && _r(t.prototype, e), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function Sr(t) {
  var e = Ur(t, "string");
  return oe(e) == "symbol" ? e : e + "";
}
function Ur(t, e) {
  if (oe(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (oe(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
function Ze(t) {
  return t === void 0 ? 0 : t.size !== void 0 ? t.size : t.length;
}
function Pr(t, e) {
  if (t.concat)
    return t.concat(e);
  if (t instanceof Blob)
    return new Blob([t, e], {
      type: t.type
    });
  if (t.set) {
    var r = new t.constructor(t.length + e.length);
    return r.set(t), r.set(e, t.length), r;
  }
  throw new Error("Unknown data type");
}
var xr = /* @__PURE__ */ (function() {
  function t(e) {
    br(this, t), this._buffer = void 0, this._bufferOffset = 0, this._reader = e, this._done = !1;
  }
  return wr(t, [{
    key: "slice",
    value: function(r, n) {
      return r < this._bufferOffset ? Promise.reject(new Error("Requested data is before the reader's current offset")) : this._readUntilEnoughDataOrDone(r, n);
    }
  }, {
    key: "_readUntilEnoughDataOrDone",
    value: function(r, n) {
      var i = this, l = n <= this._bufferOffset + Ze(this._buffer);
      if (this._done || l) {
        var s = this._getDataFromBuffer(r, n), g = s == null ? this._done : !1;
        return Promise.resolve({
          value: s,
          done: g
        });
      }
      return this._reader.read().then(function(p) {
        var b = p.value, S = p.done;
        return S ? i._done = !0 : i._buffer === void 0 ? i._buffer = b : i._buffer = Pr(i._buffer, b), i._readUntilEnoughDataOrDone(r, n);
      });
    }
  }, {
    key: "_getDataFromBuffer",
    value: function(r, n) {
      r > this._bufferOffset && (this._buffer = this._buffer.slice(r - this._bufferOffset), this._bufferOffset = r);
      var i = Ze(this._buffer) === 0;
      return this._done && i ? null : this._buffer.slice(0, n - r);
    }
  }, {
    key: "close",
    value: function() {
      this._reader.cancel && this._reader.cancel();
    }
  }]);
})();
function M(t) {
  "@babel/helpers - typeof";
  return M = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, M(t);
}
function Pe() {
  /*! regenerator-runtime -- Copyright (c) 2014-present, Facebook, Inc. -- license (MIT): https://github.com/facebook/regenerator/blob/main/LICENSE */
  Pe = function() {
    return e;
  };
  var t, e = {}, r = Object.prototype, n = r.hasOwnProperty, i = Object.defineProperty || function(u, o, a) {
    u[o] = a.value;
  }, l = typeof Symbol == "function" ? Symbol : {}, s = l.iterator || "@@iterator", g = l.asyncIterator || "@@asyncIterator", p = l.toStringTag || "@@toStringTag";
  function b(u, o, a) {
    return Object.defineProperty(u, o, { value: a, enumerable: !0, configurable: !0, writable: !0 }), u[o];
  }
  try {
    b({}, "");
  } catch {
    b = function(a, f, d) {
      return a[f] = d;
    };
  }
  function S(u, o, a, f) {
    var d = o && o.prototype instanceof N ? o : N, c = Object.create(d.prototype), U = new q(f || []);
    return i(c, "_invoke", { value: F(u, a, U) }), c;
  }
  function j(u, o, a) {
    try {
      return { type: "normal", arg: u.call(o, a) };
    } catch (f) {
      return { type: "throw", arg: f };
    }
  }
  e.wrap = S;
  var L = "suspendedStart", z = "suspendedYield", $ = "executing", A = "completed", k = {};
  function N() {
  }
  function v() {
  }
  function y() {
  }
  var m = {};
  b(m, s, function() {
    return this;
  });
  var h = Object.getPrototypeOf, P = h && h(h(B([])));
  P && P !== r && n.call(P, s) && (m = P);
  var w = y.prototype = N.prototype = Object.create(m);
  function E(u) {
    ["next", "throw", "return"].forEach(function(o) {
      b(u, o, function(a) {
        return this._invoke(o, a);
      });
    });
  }
  function x(u, o) {
    function a(d, c, U, O) {
      var R = j(u[d], u, c);
      if (R.type !== "throw") {
        var I = R.arg, T = I.value;
        return T && M(T) == "object" && n.call(T, "__await") ? o.resolve(T.__await).then(function(D) {
          a("next", D, U, O);
        }, function(D) {
          a("throw", D, U, O);
        }) : o.resolve(T).then(function(D) {
          I.value = D, U(I);
        }, function(D) {
          return a("throw", D, U, O);
        });
      }
      O(R.arg);
    }
    var f;
    i(this, "_invoke", { value: function(c, U) {
      function O() {
        return new o(function(R, I) {
          a(c, U, R, I);
        });
      }
      return f = f ? f.then(O, O) : O();
    } });
  }
  function F(u, o, a) {
    var f = L;
    return function(d, c) {
      if (f === $) throw Error("Generator is already running");
      if (f === A) {
        if (d === "throw") throw c;
        return { value: t, done: !0 };
      }
      for (a.method = d, a.arg = c; ; ) {
        var U = a.delegate;
        if (U) {
          var O = H(U, a);
          if (O) {
            if (O === k) continue;
            return O;
          }
        }
        if (a.method === "next") a.sent = a._sent = a.arg;
        else if (a.method === "throw") {
          if (f === L) throw f = A, a.arg;
          a.dispatchException(a.arg);
        } else a.method === "return" && a.abrupt("return", a.arg);
        f = $;
        var R = j(u, o, a);
        if (R.type === "normal") {
          if (f = a.done ? A : z, R.arg === k) continue;
          return { value: R.arg, done: a.done };
        }
        R.type === "throw" && (f = A, a.method = "throw", a.arg = R.arg);
      }
    };
  }
  function H(u, o) {
    var a = o.method, f = u.iterator[a];
    if (f === t) return o.delegate = null, a === "throw" && u.iterator.return && (o.method = "return", o.arg = t, H(u, o), o.method === "throw") || a !== "return" && (o.method = "throw", o.arg = new TypeError("The iterator does not provide a '" + a + "' method")), k;
    var d = j(f, u.iterator, o.arg);
    if (d.type === "throw") return o.method = "throw", o.arg = d.arg, o.delegate = null, k;
    var c = d.arg;
    return c ? c.done ? (o[u.resultName] = c.value, o.next = u.nextLoc, o.method !== "return" && (o.method = "next", o.arg = t), o.delegate = null, k) : c : (o.method = "throw", o.arg = new TypeError("iterator result is not an object"), o.delegate = null, k);
  }
  function K(u) {
    var o = { tryLoc: u[0] };
    1 in u && (o.catchLoc = u[1]), 2 in u && (o.finallyLoc = u[2], o.afterLoc = u[3]), this.tryEntries.push(o);
  }
  function _(u) {
    var o = u.completion || {};
    o.type = "normal", delete o.arg, u.completion = o;
  }
  function q(u) {
    this.tryEntries = [{ tryLoc: "root" }], u.forEach(K, this), this.reset(!0);
  }
  function B(u) {
    if (u || u === "") {
      var o = u[s];
      if (o) return o.call(u);
      if (typeof u.next == "function") return u;
      if (!isNaN(u.length)) {
        var a = -1, f = function d() {
          for (; ++a < u.length; ) if (n.call(u, a)) return d.value = u[a], d.done = !1, d;
          return d.value = t, d.done = !0, d;
        };
        return f.next = f;
      }
    }
    throw new TypeError(M(u) + " is not iterable");
  }
  return v.prototype = y, i(w, "constructor", { value: y, configurable: !0 }), i(y, "constructor", { value: v, configurable: !0 }), v.displayName = b(y, p, "GeneratorFunction"), e.isGeneratorFunction = function(u) {
    var o = typeof u == "function" && u.constructor;
    return !!o && (o === v || (o.displayName || o.name) === "GeneratorFunction");
  }, e.mark = function(u) {
    return Object.setPrototypeOf ? Object.setPrototypeOf(u, y) : (u.__proto__ = y, b(u, p, "GeneratorFunction")), u.prototype = Object.create(w), u;
  }, e.awrap = function(u) {
    return { __await: u };
  }, E(x.prototype), b(x.prototype, g, function() {
    return this;
  }), e.AsyncIterator = x, e.async = function(u, o, a, f, d) {
    d === void 0 && (d = Promise);
    var c = new x(S(u, o, a, f), d);
    return e.isGeneratorFunction(o) ? c : c.next().then(function(U) {
      return U.done ? U.value : c.next();
    });
  }, E(w), b(w, p, "Generator"), b(w, s, function() {
    return this;
  }), b(w, "toString", function() {
    return "[object Generator]";
  }), e.keys = function(u) {
    var o = Object(u), a = [];
    for (var f in o) a.push(f);
    return a.reverse(), function d() {
      for (; a.length; ) {
        var c = a.pop();
        if (c in o) return d.value = c, d.done = !1, d;
      }
      return d.done = !0, d;
    };
  }, e.values = B, q.prototype = { constructor: q, reset: function(o) {
    if (this.prev = 0, this.next = 0, this.sent = this._sent = t, this.done = !1, this.delegate = null, this.method = "next", this.arg = t, this.tryEntries.forEach(_), !o) for (var a in this) a.charAt(0) === "t" && n.call(this, a) && !isNaN(+a.slice(1)) && (this[a] = t);
  }, stop: function() {
    this.done = !0;
    var o = this.tryEntries[0].completion;
    if (o.type === "throw") throw o.arg;
    return this.rval;
  }, dispatchException: function(o) {
    if (this.done) throw o;
    var a = this;
    function f(I, T) {
      return U.type = "throw", U.arg = o, a.next = I, T && (a.method = "next", a.arg = t), !!T;
    }
    for (var d = this.tryEntries.length - 1; d >= 0; --d) {
      var c = this.tryEntries[d], U = c.completion;
      if (c.tryLoc === "root") return f("end");
      if (c.tryLoc <= this.prev) {
        var O = n.call(c, "catchLoc"), R = n.call(c, "finallyLoc");
        if (O && R) {
          if (this.prev < c.catchLoc) return f(c.catchLoc, !0);
          if (this.prev < c.finallyLoc) return f(c.finallyLoc);
        } else if (O) {
          if (this.prev < c.catchLoc) return f(c.catchLoc, !0);
        } else {
          if (!R) throw Error("try statement without catch or finally");
          if (this.prev < c.finallyLoc) return f(c.finallyLoc);
        }
      }
    }
  }, abrupt: function(o, a) {
    for (var f = this.tryEntries.length - 1; f >= 0; --f) {
      var d = this.tryEntries[f];
      if (d.tryLoc <= this.prev && n.call(d, "finallyLoc") && this.prev < d.finallyLoc) {
        var c = d;
        break;
      }
    }
    c && (o === "break" || o === "continue") && c.tryLoc <= a && a <= c.finallyLoc && (c = null);
    var U = c ? c.completion : {};
    return U.type = o, U.arg = a, c ? (this.method = "next", this.next = c.finallyLoc, k) : this.complete(U);
  }, complete: function(o, a) {
    if (o.type === "throw") throw o.arg;
    return o.type === "break" || o.type === "continue" ? this.next = o.arg : o.type === "return" ? (this.rval = this.arg = o.arg, this.method = "return", this.next = "end") : o.type === "normal" && a && (this.next = a), k;
  }, finish: function(o) {
    for (var a = this.tryEntries.length - 1; a >= 0; --a) {
      var f = this.tryEntries[a];
      if (f.finallyLoc === o) return this.complete(f.completion, f.afterLoc), _(f), k;
    }
  }, catch: function(o) {
    for (var a = this.tryEntries.length - 1; a >= 0; --a) {
      var f = this.tryEntries[a];
      if (f.tryLoc === o) {
        var d = f.completion;
        if (d.type === "throw") {
          var c = d.arg;
          _(f);
        }
        return c;
      }
    }
    throw Error("illegal catch attempt");
  }, delegateYield: function(o, a, f) {
    return this.delegate = { iterator: B(o), resultName: a, nextLoc: f }, this.method === "next" && (this.arg = t), k;
  } }, e;
}
function We(t, e, r, n, i, l, s) {
  try {
    var g = t[l](s), p = g.value;
  } catch (b) {
    r(b);
    return;
  }
  g.done ? e(p) : Promise.resolve(p).then(n, i);
}
function Or(t) {
  return function() {
    var e = this, r = arguments;
    return new Promise(function(n, i) {
      var l = t.apply(e, r);
      function s(p) {
        We(l, n, i, s, g, "next", p);
      }
      function g(p) {
        We(l, n, i, s, g, "throw", p);
      }
      s(void 0);
    });
  };
}
function Er(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function Rr(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, jr(n.key), n);
  }
}
function kr(t, e, r) {
  return e && Rr(t.prototype, e), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function jr(t) {
  var e = Ar(t, "string");
  return M(e) == "symbol" ? e : e + "";
}
function Ar(t, e) {
  if (M(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (M(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var Lr = /* @__PURE__ */ (function() {
  function t() {
    Er(this, t);
  }
  return kr(t, [{
    key: "openFile",
    value: (function() {
      var e = Or(/* @__PURE__ */ Pe().mark(function n(i, l) {
        var s;
        return Pe().wrap(function(p) {
          for (; ; ) switch (p.prev = p.next) {
            case 0:
              if (!(gt() && i && typeof i.uri < "u")) {
                p.next = 11;
                break;
              }
              return p.prev = 1, p.next = 4, cr(i.uri);
            case 4:
              return s = p.sent, p.abrupt("return", new Ye(s));
            case 8:
              throw p.prev = 8, p.t0 = p.catch(1), new Error("tus: cannot fetch `file.uri` as Blob, make sure the uri is correct and accessible. ".concat(p.t0));
            case 11:
              if (!(typeof i.slice == "function" && typeof i.size < "u")) {
                p.next = 13;
                break;
              }
              return p.abrupt("return", Promise.resolve(new Ye(i)));
            case 13:
              if (typeof i.read != "function") {
                p.next = 18;
                break;
              }
              if (l = Number(l), Number.isFinite(l)) {
                p.next = 17;
                break;
              }
              return p.abrupt("return", Promise.reject(new Error("cannot create source for stream without a finite value for the `chunkSize` option")));
            case 17:
              return p.abrupt("return", Promise.resolve(new xr(i, l)));
            case 18:
              return p.abrupt("return", Promise.reject(new Error("source object may only be an instance of File, Blob, or Reader in this environment")));
            case 19:
            case "end":
              return p.stop();
          }
        }, n, null, [[1, 8]]);
      }));
      function r(n, i) {
        return e.apply(this, arguments);
      }
      return r;
    })()
  }]);
})();
function Tr(t, e) {
  return gt() ? Promise.resolve(Cr(t, e)) : Promise.resolve(["tus-br", t.name, t.type, t.size, t.lastModified, e.endpoint].join("-"));
}
function Cr(t, e) {
  var r = t.exif ? Ir(JSON.stringify(t.exif)) : "noexif";
  return ["tus-rn", t.name || "noname", t.size || "nosize", r, e.endpoint].join("/");
}
function Ir(t) {
  var e = 0;
  if (t.length === 0)
    return e;
  for (var r = 0; r < t.length; r++) {
    var n = t.charCodeAt(r);
    e = (e << 5) - e + n, e &= e;
  }
  return e;
}
function ie(t) {
  "@babel/helpers - typeof";
  return ie = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, ie(t);
}
function je(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function Dr(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, Fr(n.key), n);
  }
}
function Ae(t, e, r) {
  return e && Dr(t.prototype, e), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function Fr(t) {
  var e = Nr(t, "string");
  return ie(e) == "symbol" ? e : e + "";
}
function Nr(t, e) {
  if (ie(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (ie(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var qr = /* @__PURE__ */ (function() {
  function t() {
    je(this, t);
  }
  return Ae(t, [{
    key: "createRequest",
    value: function(r, n) {
      return new $r(r, n);
    }
  }, {
    key: "getName",
    value: function() {
      return "XHRHttpStack";
    }
  }]);
})(), $r = /* @__PURE__ */ (function() {
  function t(e, r) {
    je(this, t), this._xhr = new XMLHttpRequest(), this._xhr.open(e, r, !0), this._method = e, this._url = r, this._headers = {};
  }
  return Ae(t, [{
    key: "getMethod",
    value: function() {
      return this._method;
    }
  }, {
    key: "getURL",
    value: function() {
      return this._url;
    }
  }, {
    key: "setHeader",
    value: function(r, n) {
      this._xhr.setRequestHeader(r, n), this._headers[r] = n;
    }
  }, {
    key: "getHeader",
    value: function(r) {
      return this._headers[r];
    }
  }, {
    key: "setProgressHandler",
    value: function(r) {
      "upload" in this._xhr && (this._xhr.upload.onprogress = function(n) {
        n.lengthComputable && r(n.loaded);
      });
    }
  }, {
    key: "send",
    value: function() {
      var r = this, n = arguments.length > 0 && arguments[0] !== void 0 ? arguments[0] : null;
      return new Promise(function(i, l) {
        r._xhr.onload = function() {
          i(new Hr(r._xhr));
        }, r._xhr.onerror = function(s) {
          l(s);
        }, r._xhr.send(n);
      });
    }
  }, {
    key: "abort",
    value: function() {
      return this._xhr.abort(), Promise.resolve();
    }
  }, {
    key: "getUnderlyingObject",
    value: function() {
      return this._xhr;
    }
  }]);
})(), Hr = /* @__PURE__ */ (function() {
  function t(e) {
    je(this, t), this._xhr = e;
  }
  return Ae(t, [{
    key: "getStatus",
    value: function() {
      return this._xhr.status;
    }
  }, {
    key: "getHeader",
    value: function(r) {
      return this._xhr.getResponseHeader(r);
    }
  }, {
    key: "getBody",
    value: function() {
      return this._xhr.responseText;
    }
  }, {
    key: "getUnderlyingObject",
    value: function() {
      return this._xhr;
    }
  }]);
})();
function ae(t) {
  "@babel/helpers - typeof";
  return ae = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, ae(t);
}
function zr(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function Br(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, Mr(n.key), n);
  }
}
function Gr(t, e, r) {
  return e && Br(t.prototype, e), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function Mr(t) {
  var e = Kr(t, "string");
  return ae(e) == "symbol" ? e : e + "";
}
function Kr(t, e) {
  if (ae(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (ae(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var xe = !1;
try {
  xe = "localStorage" in window;
  var me = "tusSupport", Je = localStorage.getItem(me);
  localStorage.setItem(me, Je), Je === null && localStorage.removeItem(me);
} catch (t) {
  if (t.code === t.SECURITY_ERR || t.code === t.QUOTA_EXCEEDED_ERR)
    xe = !1;
  else
    throw t;
}
var Vr = xe, Xr = /* @__PURE__ */ (function() {
  function t() {
    zr(this, t);
  }
  return Gr(t, [{
    key: "findAllUploads",
    value: function() {
      var r = this._findEntries("tus::");
      return Promise.resolve(r);
    }
  }, {
    key: "findUploadsByFingerprint",
    value: function(r) {
      var n = this._findEntries("tus::".concat(r, "::"));
      return Promise.resolve(n);
    }
  }, {
    key: "removeUpload",
    value: function(r) {
      return localStorage.removeItem(r), Promise.resolve();
    }
  }, {
    key: "addUpload",
    value: function(r, n) {
      var i = Math.round(Math.random() * 1e12), l = "tus::".concat(r, "::").concat(i);
      return localStorage.setItem(l, JSON.stringify(n)), Promise.resolve(l);
    }
  }, {
    key: "_findEntries",
    value: function(r) {
      for (var n = [], i = 0; i < localStorage.length; i++) {
        var l = localStorage.key(i);
        if (l.indexOf(r) === 0)
          try {
            var s = JSON.parse(localStorage.getItem(l));
            s.urlStorageKey = l, n.push(s);
          } catch {
          }
      }
      return n;
    }
  }]);
})();
function W(t) {
  "@babel/helpers - typeof";
  return W = typeof Symbol == "function" && typeof Symbol.iterator == "symbol" ? function(e) {
    return typeof e;
  } : function(e) {
    return e && typeof Symbol == "function" && e.constructor === Symbol && e !== Symbol.prototype ? "symbol" : typeof e;
  }, W(t);
}
function Yr(t, e) {
  if (!(t instanceof e))
    throw new TypeError("Cannot call a class as a function");
}
function Zr(t, e) {
  for (var r = 0; r < e.length; r++) {
    var n = e[r];
    n.enumerable = n.enumerable || !1, n.configurable = !0, "value" in n && (n.writable = !0), Object.defineProperty(t, _t(n.key), n);
  }
}
function Wr(t, e, r) {
  return r && Zr(t, r), Object.defineProperty(t, "prototype", { writable: !1 }), t;
}
function Jr(t, e, r) {
  return e = de(e), Qr(t, bt() ? Reflect.construct(e, r || [], de(t).constructor) : e.apply(t, r));
}
function Qr(t, e) {
  if (e && (W(e) === "object" || typeof e == "function"))
    return e;
  if (e !== void 0)
    throw new TypeError("Derived constructors may only return object or undefined");
  return en(t);
}
function en(t) {
  if (t === void 0)
    throw new ReferenceError("this hasn't been initialised - super() hasn't been called");
  return t;
}
function bt() {
  try {
    var t = !Boolean.prototype.valueOf.call(Reflect.construct(Boolean, [], function() {
    }));
  } catch {
  }
  return (bt = function() {
    return !!t;
  })();
}
function de(t) {
  return de = Object.setPrototypeOf ? Object.getPrototypeOf.bind() : function(r) {
    return r.__proto__ || Object.getPrototypeOf(r);
  }, de(t);
}
function tn(t, e) {
  if (typeof e != "function" && e !== null)
    throw new TypeError("Super expression must either be null or a function");
  t.prototype = Object.create(e && e.prototype, { constructor: { value: t, writable: !0, configurable: !0 } }), Object.defineProperty(t, "prototype", { writable: !1 }), e && Oe(t, e);
}
function Oe(t, e) {
  return Oe = Object.setPrototypeOf ? Object.setPrototypeOf.bind() : function(n, i) {
    return n.__proto__ = i, n;
  }, Oe(t, e);
}
function Qe(t, e) {
  var r = Object.keys(t);
  if (Object.getOwnPropertySymbols) {
    var n = Object.getOwnPropertySymbols(t);
    e && (n = n.filter(function(i) {
      return Object.getOwnPropertyDescriptor(t, i).enumerable;
    })), r.push.apply(r, n);
  }
  return r;
}
function Y(t) {
  for (var e = 1; e < arguments.length; e++) {
    var r = arguments[e] != null ? arguments[e] : {};
    e % 2 ? Qe(Object(r), !0).forEach(function(n) {
      rn(t, n, r[n]);
    }) : Object.getOwnPropertyDescriptors ? Object.defineProperties(t, Object.getOwnPropertyDescriptors(r)) : Qe(Object(r)).forEach(function(n) {
      Object.defineProperty(t, n, Object.getOwnPropertyDescriptor(r, n));
    });
  }
  return t;
}
function rn(t, e, r) {
  return e = _t(e), e in t ? Object.defineProperty(t, e, { value: r, enumerable: !0, configurable: !0, writable: !0 }) : t[e] = r, t;
}
function _t(t) {
  var e = nn(t, "string");
  return W(e) == "symbol" ? e : e + "";
}
function nn(t, e) {
  if (W(t) != "object" || !t) return t;
  var r = t[Symbol.toPrimitive];
  if (r !== void 0) {
    var n = r.call(t, e);
    if (W(n) != "object") return n;
    throw new TypeError("@@toPrimitive must return a primitive value.");
  }
  return (e === "string" ? String : Number)(t);
}
var et = Y(Y({}, he.defaultOptions), {}, {
  httpStack: new qr(),
  fileReader: new Lr(),
  urlStorage: Vr ? new Xr() : new Ct(),
  fingerprint: Tr
}), on = /* @__PURE__ */ (function(t) {
  function e() {
    var r = arguments.length > 0 && arguments[0] !== void 0 ? arguments[0] : null, n = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : {};
    return Yr(this, e), n = Y(Y({}, et), n), Jr(this, e, [r, n]);
  }
  return tn(e, t), Wr(e, null, [{
    key: "terminate",
    value: function(n) {
      var i = arguments.length > 1 && arguments[1] !== void 0 ? arguments[1] : {};
      return i = Y(Y({}, et), i), he.terminate(n, i);
    }
  }]);
})(he);
export {
  ue as DetailedError,
  on as Upload
};
