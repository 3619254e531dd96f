// The dashboard: asks what changed, shows it in place, and sends what its buttons stand for to the control plane.
import { morph } from "./morph.js";

const POLL_EVERY = 700;
const page = document.body.dataset;
const toast = document.getElementById("toast");
const curlMode = document.getElementById("curl");

let version = page.version;
let clock = { now: Date.parse(page.now), at: performance.now(), speed: Number(page.speed) };
let asked = 0;

// Older orders load on when the end of the list comes into view.
const older = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting && target.isConnected) extend(target);
});

document.addEventListener("click", clicked);
document.addEventListener("submit", submitted);
document.addEventListener("change", changed);
document.addEventListener("input", typed);
document.addEventListener("keydown", pressed);
window.addEventListener("popstate", refresh);
setInterval(tick, 250);
arrived();
poll();

// What is shown

// A simulator with thousands of orders is asked less often, so that watching it does not slow it down.
async function poll() {
  const started = performance.now();
  if (!document.hidden) await refresh();
  setTimeout(poll, Math.max(POLL_EVERY, 10 * (performance.now() - started)));
}

async function refresh() {
  const turn = ++asked;
  const address = new URL("/_dashboard/live" + location.search, location.origin);
  address.searchParams.set("seen", version);
  try {
    const answer = await (await fetch(address)).json();
    if (turn !== asked) return; // a later question is on its way
    document.body.classList.remove("lost");
    clock = { now: Date.parse(answer.clock.now), at: performance.now(), speed: answer.clock.running ? answer.clock.speed : 0 };
    if (!answer.regions) return;
    version = answer.version;
    for (const [name, html] of Object.entries(answer.regions)) morph(document.getElementById(name), html);
    arrived();
  } catch {
    if (!document.body.classList.contains("lost")) say(page.lost);
    document.body.classList.add("lost");
  }
}

function arrived() {
  const on = document.querySelectorAll(".switch.on").length;
  document.getElementById("faults-count").textContent = on ? String(on) : "";
  document.body.classList.toggle("chosen", Boolean(new URLSearchParams(location.search).get("order")));
  narrow();
  tick();
  older.disconnect();
  for (const link of document.querySelectorAll("[data-longer]")) older.observe(link);
}

function extend(link) {
  older.unobserve(link);
  history.replaceState(null, "", link.href);
  refresh();
}

function virtualNow() {
  return clock.now + (performance.now() - clock.at) * clock.speed;
}

function tick() {
  const now = virtualNow();
  const wib = new Date(now + 7 * 3600e3).toISOString();
  write(document.querySelector("[data-clock]"), wib.slice(11, 19).replaceAll(":", "."));
  write(document.querySelector("[data-date]"), wib.slice(0, 10));
  for (const place of document.querySelectorAll("[data-due]:not(button)")) write(place, until(Date.parse(place.dataset.due) - now));
}

function until(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds >= 172800) return `${Math.floor(seconds / 86400)} d`;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function write(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

// A field that belongs to some methods only.
function narrow() {
  const method = document.getElementById("method");
  if (!method) return;
  for (const field of document.querySelectorAll("[data-only]")) {
    field.hidden = !field.dataset.only.split(" ").includes(method.value);
    for (const input of [field, ...field.querySelectorAll("input")]) if ("disabled" in input) input.disabled = field.hidden;
  }
}

// What buttons do

function clicked(event) {
  const target = event.target.closest("a[data-go], [data-copy], button[data-call], [data-jump], [data-trial]");
  if (!target) return;
  if (target.matches("a")) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(target.href);
  } else if ("copy" in target.dataset) copy(target.dataset.copy, page.copied);
  else if ("trial" in target.dataset) trial();
  else if ("jump" in target.dataset) jump(target);
  else if (!target.dataset.sure || curlMode.checked || confirm(target.dataset.sure)) {
    call(target.dataset.call, JSON.parse(target.dataset.body || "null"), target, event.shiftKey);
  }
}

function submitted(event) {
  const form = event.target;
  event.preventDefault();
  if (!form.dataset.call) return;
  const body = {};
  for (const field of form.querySelectorAll("[name]")) {
    if (field.disabled) continue;
    if (field.dataset.type === "number") body[field.name] = Number(field.value.replace(/\D/g, ""));
    else if (field.dataset.type === "flag") { if (field.checked) body[field.name] = true; }
    else body[field.name] = field.value;
  }
  call(form.dataset.call, body, form.querySelector("[type=submit]"));
}

function changed({ target }) {
  if (target.id === "method") narrow();
  else if ("speedChoice" in target.dataset) call("POST /_control/clock", { speed: Number(target.value) }, target);
  else if (target.closest("#faults")) call("PUT /_control/faults", switches(), target);
}

// Every switch that is on, with the options beside it.
function switches() {
  const wanted = {};
  for (const fault of document.querySelectorAll("[data-fault]")) {
    if (!fault.querySelector("[type=checkbox]").checked) continue;
    const options = {};
    for (const field of fault.querySelectorAll("[data-option]")) {
      const text = field.value.trim();
      if (text !== "") options[field.dataset.option] = field.dataset.type === "number" ? Number(text.replace(",", ".")) : text;
    }
    wanted[fault.dataset.fault] = Object.keys(options).length ? options : true;
  }
  return wanted;
}

async function call(line, body, button, asCurl = false) {
  const [method, path] = line.split(" ");
  if (asCurl || curlMode.checked) return copy(curl(method, path, body), page.curlCopied);
  button.disabled = true;
  try {
    const reply = await fetch(path, { method, body: body === null ? undefined : JSON.stringify(body) });
    const answer = await reply.json();
    if (!reply.ok) say(answer.message);
  } catch {
    say(page.lost);
  }
  button.disabled = false;
  await refresh();
}

function curl(method, path, body) {
  const quoted = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;
  const sent = body === null ? "" : ` -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
  return `curl -X ${method} ${quoted(location.origin + path)}${sent}`;
}

function jump(button) {
  const seconds = Math.max(0, Math.ceil((Date.parse(button.dataset.jump) - virtualNow()) / 10) / 100);
  return call("POST /_control/clock", { advance: `${seconds}s` }, button);
}

async function trial() {
  const made = await (await fetch("/_dashboard/trial", { method: "POST" })).json();
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(made)) address.searchParams.set(name, value);
  go(address.href);
}

function go(address) {
  const before = location.search;
  history.pushState(null, "", address);
  document.getElementById("q").value = new URLSearchParams(location.search).get("q") || "";
  refresh().then(() => {
    if (location.search === before) return;
    const detail = document.getElementById("detail");
    detail.scrollTop = 0;
    if (matchMedia("(max-width: 899px)").matches) window.scrollTo(0, 0);
  });
}

function typed({ target }) {
  if (target.id !== "q") return;
  const address = new URL(location.href);
  address.searchParams.set("q", target.value);
  history.replaceState(null, "", address);
  refresh();
}

function pressed(event) {
  const writing = event.target.matches("input, select, textarea");
  if (event.key === "Escape") {
    if (writing) event.target.blur();
    else closeOrder();
  }
  if (writing || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("q").focus();
  } else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))];
  if (!next) return;
  go(next.href);
  next.scrollIntoView({ block: "nearest" });
}

function closeOrder() {
  const address = new URL(location.href);
  address.searchParams.delete("order");
  address.searchParams.delete("merchant");
  go(address.href);
}

async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea"); // the clipboard API needs https or localhost
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  say(`${told}: ${text.length > 90 ? `${text.slice(0, 90)}…` : text}`);
}

function say(text) {
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (toast.hidden = true), 4000);
}
