// "Bayar Sekarang": asks our backend for a Snap token, opens Midtrans's popup with it, and goes where
// the popup's callbacks say. What they claim decides only which page opens; that page asks the backend.
//
// The button is a form that leads to Midtrans's own page. Whatever this file cannot do, that page does.

import { ask, headers } from "./ask.js";

const TOKEN_URL = "/api/midtrans/create-snap-token";
const PATIENCE_MS = 45000; // longer than the backend's own patience with Midtrans, retries included
const SNAP_PATIENCE_MS = 3000;
const DECIDED_ELSEWHERE = ["already_paid", "payment_in_review"];

const checkout = document.getElementById("checkout");
const notice = document.getElementById("notice");
let working = null; // the form whose payment is being prepared, or is open in the popup
let popupOrder = null; // the order whose popup is open

for (const form of checkout.querySelectorAll("form[data-pay]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    pay(form);
  });
}
window.addEventListener("pageshow", () => rest()); // back from the result page or from Midtrans's
window.addEventListener("popstate", () => {
  if (popupOrder) closed({ hide: true }); // Android's Back closes the popup, not the shop
});

const snapArrived = new Promise((resolve) => {
  const script = document.querySelector("script[data-client-key]");
  if (window.snap || !script) return resolve();
  script.addEventListener("load", resolve);
  script.addEventListener("error", resolve);
  setTimeout(resolve, SNAP_PATIENCE_MS); // it may have failed before this script was there to hear it
});

async function pay(form) {
  if (working) return;
  work(form);
  say("");
  try {
    const [order] = await Promise.all([requestToken(form.dataset.pay === "renew"), snapArrived]);
    open(order);
  } catch (problem) {
    if (problem instanceof Refusal) say(problem.message, problem.code);
    else if (navigator.onLine === false) say(checkout.dataset.textOffline, "offline");
    else offerHostedPage(form);
    rest();
  }
}

/** Why the backend said no: its sentence, and its stable code. */
class Refusal extends Error {
  constructor({ message, code }) {
    super(message);
    this.code = code;
  }
}

async function requestToken(renew) {
  const order = { invitation_id: Number(checkout.dataset.invitationId), amount: Number(checkout.dataset.amount) };
  const answer = await ask(TOKEN_URL, {
    patienceMs: PATIENCE_MS,
    method: "POST",
    headers: headers(checkout.dataset.language),
    body: JSON.stringify(renew ? { ...order, renew: true } : order),
  });
  const document = JSON.parse(answer.text);
  if (!answer.ok) throw new Refusal(document);
  return document;
}

/** In the popup; where that cannot be opened, on Midtrans's own page, which does the same. */
function open({ snap_token, order_id, redirect_url }) {
  const language = checkout.dataset.language;
  const result = (outcome) => () => leave(resultUrl(outcome, order_id));
  try {
    window.snap.pay(snap_token, {
      language,
      onSuccess: result("success"),
      onPending: result("pending"),
      onError: result("error"),
      onClose: () => closed({ hide: false }),
    });
  } catch {
    const page = new URL(redirect_url);
    page.searchParams.set("language", language);
    location.assign(page);
    return;
  }
  popupOrder = order_id;
  history.pushState({ popup: true }, ""); // for Back to take away
}

/** To a page of ours, in the place of the popup's entry in the history. */
function leave(url) {
  if (popupOrder) location.replace(url);
  else location.assign(url);
  popupOrder = null;
}

function closed({ hide }) {
  const orderId = popupOrder;
  popupOrder = null;
  if (hide) {
    try { window.snap.hide(); } catch { document.getElementById("snap-midtrans").remove(); }
  } else if (history.state && history.state.popup) {
    history.back();
  }
  const form = working;
  if (!form || !orderId) return;
  rest();
  checkout.querySelector("[data-order-link]").href = resultUrl("pending", orderId);
  say(checkout.dataset.textClosed, form.dataset.pay === "renew" ? "closed_renewal" : "closed");
  form.querySelector("button").focus();
}

function resultUrl(outcome, orderId) {
  return `/payment/${outcome}?order_id=${encodeURIComponent(orderId)}`;
}

function offerHostedPage(form) {
  say(checkout.dataset.textElsewhere, "elsewhere");
  document.getElementById("elsewhere").onclick = () => form.submit(); // past this file
}

/** Show a sentence, and of the next steps those that belong to `code`. */
function say(sentence, code = "") {
  notice.textContent = sentence;
  notice.dataset.state = code.startsWith("closed") ? "pending" : code === "already_paid" ? "paid" : code === "payment_in_review" ? "pending" : "failed";
  for (const steps of checkout.querySelectorAll("[data-after]")) {
    steps.hidden = !steps.dataset.after.split(" ").includes(code);
  }
  const pay = document.getElementById("pay");
  if (pay && DECIDED_ELSEWHERE.includes(code)) pay.hidden = true; // this page is older than the payment
  if (sentence) notice.scrollIntoView({ block: "nearest" });
}

function work(form) {
  working = form;
  const button = form.querySelector("button");
  const label = button.querySelector("span");
  button.dataset.label = label.textContent;
  label.textContent = button.dataset.busy;
  button.setAttribute("aria-disabled", "true"); // not `disabled`: that would throw away the focus
}

function rest() {
  if (!working) return;
  const button = working.querySelector("button");
  button.querySelector("span").textContent = button.dataset.label;
  button.removeAttribute("aria-disabled");
  working = null;
}
