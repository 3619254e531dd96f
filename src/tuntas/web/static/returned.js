// Back from paying, the notification may still be on its way: look again while the payment waits.
const PAUSE_MS = 5000;
const LOOKS_MAX = 120;

const shown = document.querySelector("[data-version]").dataset.version;
for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  if (document.hidden) continue;
  try {
    const reply = await fetch(location.href);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const now = page.querySelector("[data-version]");
    if (reply.ok && now && now.dataset.version !== shown) {
      location.reload();
      break;
    }
  } catch {
    // offline for now; the next look may serve
  }
}
