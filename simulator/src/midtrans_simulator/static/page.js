// The payment page: swaps in the views the simulator renders, and tells the merchant's page how it ended.

const root = document.getElementById("snap");
const query = new URLSearchParams(location.search);
const framed = root.dataset.mode !== "redirect";
const embedded = query.get("mode") === "embed";
const POLL_EVERY = 1000;

let view = root.firstElementChild;
let openedAt = performance.now();
let left = false;
let changing = null; // the answer to what the customer just confirmed, while it is on its way
let asked = false; // whether the end of the countdown has been asked about

if (embedded) document.body.classList.add("embedded");
root.addEventListener("click", clicked);
root.addEventListener("submit", submitted);
root.addEventListener("input", typed);
document.addEventListener("keydown", (event) => event.key === "Escape" && framed && !embedded && leave());
setInterval(tick, 250);
setInterval(poll, POLL_EVERY);
arrived();
if (!embedded) view.querySelector("input:not([type=hidden])")?.focus();

function clicked(event) {
  const button = event.target.closest("[data-action], [data-method]");
  if (!button || button.disabled) return;
  const { action, method } = button.dataset;
  if (method) show({ method });
  else if (action === "back") show({});
  else if (action === "keep") show({ change: "0" });
  else if (action === "change") show({ change: "1" });
  else if (action === "copy") copy(button);
  else if (action === "fill") fill(button.dataset.number);
  else if (action === "language") speak(button.dataset.language);
  else if (action === "close" || action === "finish") leave();
  else if (action === "pay" || action === "deny" || action === "expire") change("act", { action }, button);
}

function submitted(event) {
  event.preventDefault();
  const form = event.target;
  const fields = Object.fromEntries(new FormData(form));
  change(form.dataset.submit, fields, form.querySelector("[type=submit]"));
}

// Card numbers in groups of four, the expiry date with its stroke, while they are typed.
function typed({ target, inputType }) {
  if (target.name === "card_number") {
    target.value = target.value.replace(/\D/g, "").slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 ");
  } else if (target.name === "card_exp" && inputType !== "deleteContentBackward") {
    const digits = target.value.replace(/\D/g, "").slice(0, 4);
    target.value = digits.length > 2 ? `${digits.slice(0, 2)}/${digits.slice(2)}` : digits;
  }
}

async function show(wish) {
  query.delete("selectedPaymentType");
  await swap(fetch(address("view", wish)));
}

async function change(name, fields, button) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  const sent = fetch(address(name, {}), { method: "POST", body: JSON.stringify(fields) });
  changing = swap(sent);
  const swapped = await changing;
  if (swapped && fields.card_number) restore(fields);
  button.disabled = false;
  button.removeAttribute("aria-busy");
}

async function swap(answer) {
  try {
    const response = await answer;
    if (response.status === 204) return false;
    if (!response.ok) throw new Error(response.statusText);
    const next = document.createElement("template");
    next.innerHTML = await response.text();
    view = next.content.firstElementChild;
    root.replaceChildren(view);
    openedAt = performance.now();
    asked = false;
    arrived();
    if (document.hasFocus()) focusFirst();
    window.scrollTo(0, 0);
    return true;
  } catch {
    const note = view.querySelector("[data-offline-note]");
    if (note) {
      note.textContent = root.dataset.offline;
      note.hidden = false;
    }
    return false;
  }
}

// Where reading, or typing, goes on in a new view.
function focusFirst() {
  const places = ["[aria-invalid]", "input:not([type=hidden])", "h1"].map((place) => view.querySelector(place));
  places.find(Boolean)?.focus({ preventScroll: true });
}

// A card form that comes back with a mistake keeps what was typed.
function restore(fields) {
  for (const [name, value] of Object.entries(fields)) {
    const input = view.querySelector(`form [name="${name}"]`);
    if (input) input.value = value;
  }
}

function arrived() {
  tick();
  const finish = view.querySelector("[data-auto-finish]");
  const shown = view;
  if (finish) setTimeout(() => shown === view && leave(), finish.dataset.autoFinish * 1000);
  const delay = Number(query.get("autoCloseDelay"));
  if (delay > 0 && view.querySelector("[data-number].digits")) setTimeout(() => shown === view && leave(), delay * 1000);
}

async function poll() {
  if (left || document.hidden || !("poll" in view.dataset)) return;
  const { state, transaction } = view.dataset;
  await swap(fetch(address("view", { seen: state, after: transaction })));
}

function tick() {
  const place = view.querySelector("[data-countdown]");
  if (!place) return;
  const passed = ((performance.now() - openedAt) / 1000) * Number(view.dataset.speed);
  const seconds = Math.max(0, Math.round(view.dataset.remaining - passed));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const text = [hours, minutes, rest].map((part) => String(part).padStart(2, "0")).join(":");
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("soon", seconds < 60);
  if (seconds === 0 && !asked && !("poll" in view.dataset)) {
    asked = true;
    setTimeout(() => swap(fetch(address("view", { seen: view.dataset.state }))), 1000);
  }
}

// Who confirms and closes at once leaves a payment behind, and the shop must hear of it.
async function leave() {
  if (left) return;
  left = true;
  await changing;
  const { outcome, result, leaveUrl } = view.dataset;
  if (!framed) {
    if (leaveUrl) location.assign(leaveUrl);
    else history.back();
    return;
  }
  const origin = query.get("origin_host");
  if (origin) {
    const told = { event: outcome || "close", result: result ? JSON.parse(result) : undefined, url: leaveUrl };
    window.parent.postMessage(told, origin);
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy).catch(() => copyByHand(button.dataset.copy));
  const label = button.textContent;
  button.textContent = root.dataset.copied;
  button.setAttribute("aria-live", "polite");
  setTimeout(() => (button.textContent = label), 2000);
}

// The clipboard API is closed to frames and plain http on some browsers.
function copyByHand(text) {
  const field = document.createElement("textarea");
  field.value = text;
  root.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function fill(number) {
  const values = { card_number: number, card_exp: "12/30", card_cvv: "123" };
  restore(values);
  view.querySelector("[type=submit]").focus();
}

function speak(language) {
  query.set("language", language);
  document.documentElement.lang = language;
  const { transaction } = view.dataset;
  const method = view.querySelector("input[name=method]");
  show({ ...(transaction && { after: transaction }), ...(method && { method: method.value }) });
}

function address(name, wish) {
  const url = new URL(`/snap/v4/transactions/${root.dataset.token}/${name}`, location.origin);
  for (const [key, value] of query) if (key !== "token") url.searchParams.set(key, value);
  if (view.dataset.change) url.searchParams.set("change", view.dataset.change);
  for (const [key, value] of Object.entries(wish)) url.searchParams.set(key, value);
  return url;
}
