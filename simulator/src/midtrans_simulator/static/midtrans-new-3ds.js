// window.MidtransNew3ds: card tokens, and the bank's 3DS page, for a shop with a card form of its own.
(() => {
  "use strict";
  if (window.MidtransNew3ds && window.MidtransNew3ds.simulator) return; // loaded twice: the first one stays

  const OWN = 'script[src*="midtrans-new-3ds"]';
  const own = document.currentScript || document.querySelector(OWN);
  const home = new URL(own.src).origin;
  const NAMES = ["onSuccess", "onFailure", "onPending"];
  let waiting = null; // who hears the answer of the 3DS page that is open

  window.MidtransNew3ds = { getCardToken, authenticate, redirect, simulator: true };
  window.addEventListener("message", heard);

  // `card` holds card_number, card_exp_month, card_exp_year, card_cvv; or token_id and card_cvv for a saved card.
  function getCardToken(card, options) {
    const { onSuccess, onFailure } = callbacks(options);
    const url = new URL("/v2/token", home);
    for (const [name, value] of Object.entries({ ...card, client_key: clientKey() })) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value).trim());
    }
    fetch(url)
      .then((reply) => reply.json())
      .catch(() => ({ status_code: "500", status_message: "The token request could not be sent" }))
      .then((answer) => (answer.status_code === "200" ? onSuccess : onFailure)(answer));
  }

  // The shop opens `redirectUrl` in a frame of its own when performAuthentication asks it to.
  function authenticate(redirectUrl, options) {
    waiting = { ...callbacks(options), from: new URL(redirectUrl, home).origin };
    if (options && typeof options.performAuthentication === "function") options.performAuthentication(redirectUrl);
  }

  function redirect(redirectUrl, options) {
    const url = new URL(redirectUrl);
    url.searchParams.set("callback_type", "form");
    url.searchParams.set("callback_url", (options && options.callbackUrl) || window.location.href);
    window.location.assign(url.href);
  }

  function heard(message) {
    if (!waiting || message.origin !== waiting.from || !message.data || message.data.event !== "3ds") return;
    const { onSuccess, onPending, onFailure } = waiting;
    const { result } = message.data;
    waiting = null;
    if (result.status_code === "200") onSuccess(result);
    else if (result.status_code === "201") onPending(result);
    else onFailure(result);
  }

  function callbacks(options) {
    const nothing = () => {};
    return Object.fromEntries(NAMES.map((name) => [name, (options && options[name]) || nothing]));
  }

  // Read late: pages set data-client-key after they append the script.
  function clientKey() {
    const script = document.querySelector(`${OWN}[data-client-key]`) || document.querySelector("script[data-client-key]");
    return own.dataset.clientKey || (script && script.dataset.clientKey);
  }
})();
