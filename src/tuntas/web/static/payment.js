// Follows one payment: asks the backend until its state is final, and when something changed takes the
// new state from the same page as the server renders it, so there is one rendering and one set of words.

const FIRST_DELAY_MS = 2_000;
const LONGEST_DELAY_MS = 15_000;
const GROWTH = 1.4;
const PATIENCE_MS = 10_000;

const page = document.getElementById("payment");
const url = `/api/v1/payments/${encodeURIComponent(page.dataset.orderId)}`;
let delay = FIRST_DELAY_MS;
let timer = 0;
let asking = false;
let byHand = false; // somebody pressed the button and waits for a word

page.addEventListener("submit", (event) => {
  event.preventDefault(); // without this file the button loads the page again
  byHand = true;
  delay = FIRST_DELAY_MS;
  tell(page.dataset.textChecking);
  look();
});
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.hidden) return;
  delay = FIRST_DELAY_MS;
  if (undecided()) look();
});
wait();

/** `failed` after a success page is undecided: the customer may have paid at the second attempt. */
function undecided() {
  const { status, hint } = page.dataset;
  return status === "pending" || (status === "failed" && hint === "success");
}

function wait() {
  clearTimeout(timer);
  if (!undecided() || document.hidden) return;
  timer = setTimeout(look, delay);
  delay = Math.min(delay * GROWTH, LONGEST_DELAY_MS);
}

async function look() {
  if (asking) return;
  asking = true;
  try {
    if (await changed()) await renew();
    else tell(byHand ? page.dataset.textUnchanged : "");
  } catch {
    tell(page.dataset.textUnreachable);
  } finally {
    asking = byHand = false;
    wait();
  }
}

async function changed() {
  const response = await get(url, "application/json");
  if (response.status === 401) return true; // the session ended: the page itself leads to the log-in
  if (!response.ok) throw new Error(`status ${response.status}`);
  const { status, payment_type } = await response.json();
  return status !== page.dataset.status || (payment_type ?? "") !== page.dataset.paymentType;
}

async function renew() {
  const response = await get(location.href, "text/html");
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = fresh.getElementById("payment");
  if (!next) {
    location.reload();
    return;
  }
  const hadFocus = page.contains(document.activeElement);
  const decided = next.dataset.status !== page.dataset.status;
  page.replaceChildren(...next.childNodes);
  Object.assign(page.dataset, next.dataset);
  page.classList.toggle("arrived", decided);
  document.title = fresh.title;
  const word = page.querySelector(".word");
  if (hadFocus) word.focus();
  const sentence = page.querySelector(".lead").textContent.trim();
  document.getElementById("announcer").textContent = `${word.textContent}. ${sentence}`;
}

function get(address, type) {
  return fetch(address, {
    credentials: "same-origin",
    headers: { Accept: type, "X-Requested-With": "tuntas" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

function tell(sentence) {
  const place = document.getElementById("checked");
  if (place.textContent !== sentence) place.textContent = sentence;
}
