// Small comforts for forms: sent once however often the button is pressed, the password can be looked
// at, and in development the demo log-in fills itself in. Every form works without this file.

for (const form of document.querySelectorAll('form[method="post"]')) sendOnce(form);
for (const button of document.querySelectorAll("[data-reveal]")) reveal(button);
for (const button of document.querySelectorAll("[data-fill-email]")) fill(button);

function sendOnce(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  // A page that comes back from the back button may send again.
  window.addEventListener("pageshow", () => { sent = false; });
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
