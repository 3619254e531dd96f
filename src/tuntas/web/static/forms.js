// Small comforts for forms: sent once however often the button is pressed, the password can be looked at, what
// was typed stays when the language is switched, and in development the demo log-in fills itself in. Every form
// works without this file.

const PATIENCE_MS = 10000;

dress();
// A page that comes back from the back button may send again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("[data-language]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !somethingTyped()) return;
  event.preventDefault();
  switchLanguage(link.href);
});

function dress() {
  for (const form of document.querySelectorAll('form[method="post"]')) sendOnce(form);
  for (const button of document.querySelectorAll("[data-reveal]")) reveal(button);
  for (const button of document.querySelectorAll("[data-fill-email]")) fill(button);
}

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const label = button.querySelector("[data-other]");
  button.hidden = false;
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    [label.textContent, label.dataset.other] = [label.dataset.other, label.textContent];
  });
}

function fill(button) {
  const form = document.getElementById("login");
  button.hidden = false;
  button.addEventListener("click", () => {
    form.elements.email.value = button.dataset.fillEmail;
    form.elements.password.value = button.dataset.fillPassword;
    form.querySelector("[type=submit]").focus();
  });
}

function fields(root) {
  return [...root.querySelectorAll("form [name]")];
}

/** Here, or before a form came back with what is wrong. */
function somethingTyped() {
  const typed = (field) => field.value !== "" && !["hidden", "radio"].includes(field.type);
  return fields(document).some((field) => typed(field) || field.checked !== field.defaultChecked);
}

/** Put the same page in the other language here, with what was typed: it is never written down anywhere. */
async function switchLanguage(address) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const response = await fetch(address, { credentials: "same-origin", signal: patience.signal });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const typed = fields(document);
    const places = fields(fresh);
    if (!response.ok || typed.length !== places.length) throw new Error("another page");
    typed.forEach((field, at) => {
      places[at].value = field.value;
      places[at].checked = field.checked;
    });
    document.documentElement.lang = fresh.documentElement.lang;
    document.title = fresh.title;
    document.body.replaceWith(fresh.body);
    dress();
    document.querySelector("[data-language]").focus();
  } catch {
    location.assign(address);
  } finally {
    clearTimeout(timer);
  }
}
