// window.snap: opens the payment page in an iframe and tells the merchant's page how it ended.
(() => {
  "use strict";
  if (window.snap && window.snap.simulator) return; // loaded twice: the first one stays

  const FRAME_ID = "snap-midtrans";
  const CALLBACKS = { success: "onSuccess", pending: "onPending", error: "onError", close: "onClose" };
  const own = document.currentScript || document.querySelector('script[src*="/snap/snap.js"]');
  if (!own) throw new Error("snap.js: load it with a <script src> tag, so that it knows where it came from");
  const home = new URL(own.src).origin;
  let open = null; // one page at a time; token is null while snap.show() waits

  window.snap = { pay, embed, show, hide, simulator: true };
  window.addEventListener("message", receive);

  function pay(token, options) {
    start(token, options || {}, null);
  }

  function embed(token, options) {
    const settings = options || {};
    const place = document.getElementById(settings.embedId);
    if (!place) throw new Error(`snap.embed: there is no element with id "${settings.embedId}"`);
    start(token, settings, place);
  }

  function show() {
    if (!open) open = begin(null, {}, null);
  }

  function hide() {
    if (!open) return;
    open.frame.remove();
    document.documentElement.style.overflow = open.overflow;
    if (open.focused) open.focused.focus({ preventScroll: true });
    open = null;
  }

  // Throws when it cannot open, so that callers may try again; never after it opened.
  function start(token, options, place) {
    if (typeof token !== "string" || token === "") throw new Error("snap: a token is needed, as the backend got it from Snap");
    if (open && open.token !== null) throw new Error("snap: a payment page is open already; call snap.hide() first");
    if (!document.body) throw new Error("snap: the page has no body yet");
    hide();
    open = begin(token, options, place);
  }

  // A popup stops the page behind from scrolling, and gives the focus back when it goes.
  function begin(token, options, place) {
    const focused = place ? null : document.activeElement;
    const { overflow } = document.documentElement.style;
    const url = pageUrl(token, options, place ? "embed" : "popup");
    const frame = place ? embedded(url, place) : popup(url);
    if (!place) document.documentElement.style.overflow = "hidden";
    return { frame, options, token, focused, overflow };
  }

  function pageUrl(token, options, mode) {
    const url = new URL("/snap/v4/popup", home);
    const values = {
      origin_host: window.location.origin,
      client_key: clientKey(),
      token,
      mode: mode === "embed" ? mode : null,
      language: options.language,
      uiMode: options.uiMode || options.gopayMode,
      selectedPaymentType: options.selectedPaymentType,
      enabledPayments: Array.isArray(options.enabledPayments) ? options.enabledPayments.join(",") : null,
      autoCloseDelay: options.autoCloseDelay,
    };
    for (const [name, value] of Object.entries(values)) {
      if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
    }
    return url.href;
  }

  // Read late: pages set data-client-key after they append the script.
  function clientKey() {
    const script = document.querySelector("script[data-client-key]");
    return own.dataset.clientKey || (script && script.dataset.clientKey);
  }

  function popup(url) {
    const frame = element(url);
    Object.assign(frame.style, {
      position: "fixed", inset: "0", width: "100%", height: "100%", zIndex: "2147483647",
    });
    document.body.append(frame);
    frame.focus();
    return frame;
  }

  function embedded(url, place) {
    const frame = element(url);
    Object.assign(frame.style, { width: "100%", height: "100%", minWidth: "320px", minHeight: "560px" });
    place.replaceChildren(frame);
    return frame;
  }

  function element(url) {
    const frame = document.createElement("iframe");
    frame.id = FRAME_ID;
    frame.name = `popup_${Date.now()}`;
    frame.title = "Midtrans";
    frame.allow = "clipboard-write; payment";
    frame.style.border = "0";
    // The page knows both schemes; a frame of another scheme would lose its transparency.
    frame.style.colorScheme = "light dark";
    frame.src = url;
    return frame;
  }

  function receive(message) {
    if (!open || message.origin !== home || message.source !== open.frame.contentWindow) return;
    const { event, result, url } = message.data || {};
    if (!(event in CALLBACKS)) return;
    const callback = open.options[CALLBACKS[event]];
    hide();
    if (typeof callback === "function") callback(result);
    else if (event !== "close" && url) window.location.assign(url);
  }
})();
