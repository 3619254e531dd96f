// Follows one payment: asks the backend until its state is final, and when something changed takes the
// new state from the same page as the server renders it, so there is one rendering and one set of words.
// "Cek status sekarang" has the backend ask Midtrans.

import { ask, headers } from "./ask.js";

const FIRST_DELAY_MS = 2000;
const LONGEST_DELAY_MS = 15000;
const GROWTH = 1.4;
const PATIENCE_MS = 10000;
const CHECK_PATIENCE_MS = 45000; // as long as the backend waits for Midtrans
const CHECK_URL = "/api/v1/midtrans/check-status";
const TOO_SOON = 429; // Midtrans was asked a moment ago: what we hold is as new
const UNDECIDED = ["pending", "overdue", "confirming", "in_review", "giving_back"];

const page = document.getElementById("payment");
const url = `/api/v1/payments/${encodeURIComponent(page.dataset.orderId)}`;
let delay = FIRST_DELAY_MS;
let timer = 0;
let asking = false;
let waitingByHand = false; // the button was pressed while an earlier question was under way

page.addEventListener("submit", (event) => {
  event.preventDefault(); // without this file the form goes to the server and comes back
  delay = FIRST_DELAY_MS;
  tell(page.dataset.textChecking);
  look({ byHand: true });
});
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.hidden) return;
  delay = FIRST_DELAY_MS;
  if (undecided()) look({ byHand: false });
});
promise();
wait();

/** `failed` after a success page is undecided: the customer may have paid at the second attempt. */
function undecided() {
  const { paymentState, hint } = page.dataset;
  return UNDECIDED.includes(paymentState) || (paymentState === "failed" && hint === "success");
}

function wait() {
  clearTimeout(timer);
  if (!undecided() || document.hidden) return;
  timer = setTimeout(() => look({ byHand: false }), delay);
  delay = Math.min(delay * GROWTH, LONGEST_DELAY_MS);
}

async function look({ byHand }) {
  if (asking) {
    waitingByHand = waitingByHand || byHand;
    return;
  }
  asking = true;
  if (byHand) waitingByHand = false;
  try {
    if (byHand) await checkAtMidtrans();
    if (await changed()) await renew();
    else tell(byHand ? page.dataset.textUnchanged : "");
  } catch (problem) {
    tell(problem instanceof Refusal ? problem.message : page.dataset.textUnreachable);
  } finally {
    asking = false;
    if (waitingByHand) look({ byHand: true });
    else wait();
  }
}

/** Why the backend said no, in its own words. */
class Refusal extends Error {}

async function checkAtMidtrans() {
  const answer = await ask(CHECK_URL, {
    patienceMs: CHECK_PATIENCE_MS,
    method: "POST",
    headers: headers(page.dataset.language),
    body: JSON.stringify({ order_id: page.dataset.orderId }),
  });
  if (answer.ok || answer.status === TOO_SOON || answer.status === 401) return;
  throw new Refusal(JSON.parse(answer.text).message);
}

async function changed() {
  const answer = await ask(url, { patienceMs: PATIENCE_MS, headers: headers(page.dataset.language) });
  if (answer.status === 401) return true; // the session ended: the page itself leads to the log-in
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { state, payment_type } = JSON.parse(answer.text);
  return state !== page.dataset.paymentState || (payment_type || "") !== page.dataset.paymentType;
}

async function renew() {
  const answer = await ask(location.href, { patienceMs: PATIENCE_MS, headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(answer.text, "text/html");
  const next = fresh.getElementById("payment");
  if (!next) {
    location.reload();
    return;
  }
  const hadFocus = page.contains(document.activeElement);
  const decided = next.dataset.paymentState !== page.dataset.paymentState;
  page.textContent = ""; // not `replaceChildren`: Android WebView before 86 has none
  page.append(...next.childNodes);
  Object.assign(page.dataset, next.dataset);
  page.classList.toggle("arrived", decided);
  document.title = fresh.title;
  promise();
  const word = page.querySelector(".word");
  if (hadFocus) word.focus();
  const sentence = page.querySelector(".lead").textContent.trim();
  document.getElementById("announcer").textContent = `${word.textContent}. ${sentence}`;
}

/** Only with this file does the page change by itself. */
function promise() {
  for (const sentence of page.querySelectorAll("[data-live]")) sentence.hidden = false;
}

function tell(sentence) {
  const place = document.getElementById("checked");
  if (place.textContent !== sentence) place.textContent = sentence;
}
