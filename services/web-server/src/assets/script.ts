/** Follows an order: asks the JSON API until it is decided, then shows the page anew. Without it the page refreshes itself. */
export const script = `"use strict";
const place = document.querySelector("[data-poll]");
let wait = 500;
async function look() {
  try {
    const answer = await fetch(place.dataset.poll, { headers: { accept: "application/json" } });
    if (answer.ok && (await answer.json()).status !== "PENDING") return location.reload();
  } catch {
    // Offline for a moment: the next try may do.
  }
  wait = Math.min(wait * 1.3, 10000);
  setTimeout(look, wait);
}
if (place) setTimeout(look, wait);
`;
