// "Bayar Sekarang": asks our backend for a Snap token, opens Midtrans's popup with it, and goes where
// the popup's callbacks say. What they claim decides only which page opens; that page asks the backend.

const TOKEN_URL = "/api/midtrans/create-snap-token";
const PATIENCE_MS = 45_000; // longer than the backend's own patience with Midtrans, retries included
const SNAP_PATIENCE_MS = 3_000;

const checkout = document.getElementById("checkout");
const notice = document.getElementById("notice");
let busyButton = null;

for (const button of checkout.querySelectorAll("[data-pay]")) {
  button.addEventListener("click", () => pay(button));
  button.disabled = false; // a click before this would have been lost
}
window.addEventListener("pageshow", () => rest()); // back from the result page or from Midtrans's

const snapArrived = new Promise((resolve) => {
  const script = document.querySelector("script[data-client-key]");
  if (window.snap || !script) return resolve();
  script.addEventListener("load", resolve);
  script.addEventListener("error", resolve);
  setTimeout(resolve, SNAP_PATIENCE_MS); // it may have failed before this script was there to hear it
});

async function pay(button) {
  if (busyButton) return;
  work(button);
  notice.textContent = "";
  try {
    const [order] = await Promise.all([requestToken(button.dataset.pay === "renew"), snapArrived]);
    open(order);
  } catch (problem) {
    rest();
    if (problem instanceof Refusal) say(problem.message, problem.code);
    else say(checkout.dataset.textOffline);
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
  const response = await fetch(TOKEN_URL, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "Accept": "application/json",
      "Accept-Language": checkout.dataset.language,
      "Content-Type": "application/json",
      "X-Requested-With": "tuntas",
    },
    body: JSON.stringify(renew ? { ...order, renew: true } : order),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

function open({ snap_token, order_id, redirect_url }) {
  const language = checkout.dataset.language;
  if (!window.snap) {
    // snap.js was blocked or has not arrived: Midtrans's own page does the same.
    const page = new URL(redirect_url);
    page.searchParams.set("language", language);
    location.assign(page);
    return;
  }
  const result = (outcome) => () => location.assign(resultUrl(outcome, order_id));
  window.snap.pay(snap_token, {
    language,
    onSuccess: result("success"),
    onPending: result("pending"),
    onError: result("error"),
    onClose: () => closed(order_id),
  });
}

function closed(orderId) {
  const button = busyButton;
  if (!button) return;
  rest();
  checkout.querySelector("[data-order-link]").href = resultUrl("pending", orderId);
  say(checkout.dataset.textClosed, button.dataset.pay === "renew" ? "closed_renewal" : "closed");
  button.focus();
}

function resultUrl(outcome, orderId) {
  return `/payment/${outcome}?order_id=${encodeURIComponent(orderId)}`;
}

/** Show a sentence, and of the next steps those that belong to `code`. */
function say(sentence, code = "") {
  notice.textContent = sentence;
  notice.dataset.state = code.startsWith("closed") ? "pending" : code === "already_paid" ? "paid" : "failed";
  for (const steps of checkout.querySelectorAll("[data-after]")) {
    steps.hidden = !steps.dataset.after.split(" ").includes(code);
  }
  const pay = document.getElementById("pay");
  if (pay && code === "already_paid") pay.hidden = true; // this page is older than the payment
}

function work(button) {
  busyButton = button;
  const label = button.querySelector("span");
  button.dataset.label = label.textContent;
  label.textContent = button.dataset.busy;
  button.setAttribute("aria-disabled", "true"); // not `disabled`: that would throw away the focus
}

function rest() {
  if (!busyButton) return;
  busyButton.querySelector("span").textContent = busyButton.dataset.label;
  busyButton.removeAttribute("aria-disabled");
  busyButton = null;
}
