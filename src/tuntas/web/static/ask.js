// One way to ask our backend: with an end to the waiting, in old browsers too (iOS before 16 has no
// AbortSignal.timeout), and with the whole answer read within that time.

export async function ask(address, { patienceMs, ...request }) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  try {
    const response = await fetch(address, { credentials: "same-origin", ...request, signal: patience.signal });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } finally {
    clearTimeout(timer);
  }
}

/** Headers of a request to the JSON API; its sentences come in the page's language. */
export function headers(language) {
  return {
    "Accept": "application/json",
    "Accept-Language": language,
    "Content-Type": "application/json",
    "X-Requested-With": "tuntas",
  };
}
