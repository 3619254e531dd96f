// The bank's page has its answer: it goes to the shop, as a posted form or as a message to the page around.
const form = document.getElementById("told");
const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 900;

if (form.dataset.callback === "form") {
  setTimeout(() => form.submit(), pause);
} else {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell();
  });
  setTimeout(tell, pause);
}

// To any origin: the bank does not know the shop's, and the shop's page learns nothing its server does not.
function tell() {
  const told = { event: "3ds", result: JSON.parse(form.elements.response.value) };
  for (const other of [window.parent, window.opener]) if (other && other !== window) other.postMessage(told, "*");
}
