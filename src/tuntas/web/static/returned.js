// Back from paying, the notification may still be on its way: look again while the payment waits.
const PAUSE_MS = 5000;
const LOOKS_MAX = 120;

const shown = document.querySelector("[data-version]").dataset.version;
follow(); // no `await` out here: iOS before 15 could not read this file at all

async function follow() {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!document.hidden && (await changed())) {
      location.reload();
      return;
    }
  }
}

async function changed() {
  try {
    const reply = await fetch(location.href);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const now = page.querySelector("[data-version]");
    return reply.ok && now !== null && now.dataset.version !== shown;
  } catch {
    return false; // offline for now; the next look may serve
  }
}
