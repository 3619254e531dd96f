// Copy buttons: <button data-copy="what" data-done="Copied" data-failed="Copy by hand"><span>Copy</span></button>.
// One listener on the document, so that buttons which arrive later work too.

const SHOWN_FOR_MS = 2500;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const copied = await copy(button.dataset.copy);
  tell(button, copied ? button.dataset.done : button.dataset.failed, copied);
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // plain http on a local network has no clipboard interface
  }
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

function tell(button, message, copied) {
  const label = button.querySelector("span");
  if (!button.dataset.label) button.dataset.label = label.textContent;
  label.textContent = message;
  button.classList.toggle("done", copied);
  document.getElementById("announcer").textContent = message;
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => {
    label.textContent = button.dataset.label;
    button.classList.remove("done");
    document.getElementById("announcer").textContent = "";
  }, SHOWN_FOR_MS);
}
