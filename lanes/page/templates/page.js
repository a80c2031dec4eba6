"use strict";
// Twice a second the page fetches itself and changes what is different. The rest stays in place, so
// pointers keep their tooltips and screen readers their place. The view is in the address, so a link
// or a reload shows the same, and all actions only change the address.
const lab = document.getElementById("lab");
const picture = document.getElementById("picture");
const news = document.getElementById("news");
const BESIDE = ["controls", "marked", "notes", "table", "projector", "seen", "kept"];
const STEP = 20; // pixels, as in query.py
const LARGER = document.body.classList.contains("big") ? 1.7 : 1;

let view = new URL(location.href); // what is asked for, as an address
let heard = performance.now(); // when the page last learned the server's time
let holding = false; // during a drag, or while a key is held down, the address does not follow the view
let updating = false, again = false; // again: something newer is wanted than the current request

function morph(old, fresh) {
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) return void (old.data === fresh.data || (old.data = fresh.data));
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) {
    const value = fresh.getAttribute(name);
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  let before = old.firstChild, after = fresh.firstChild;
  while (before && after) {
    const [nextBefore, nextAfter] = [before.nextSibling, after.nextSibling];
    morph(before, after);
    [before, after] = [nextBefore, nextAfter];
  }
  while (before) {
    const gone = before;
    before = before.nextSibling;
    gone.remove();
  }
  while (after) {
    const come = after;
    after = after.nextSibling;
    old.append(come);
  }
}

function tell(trouble) {
  news.textContent = trouble && `${trouble.trim()} Trying again; below is what was seen last.`;
}

// Makes the picture as large as there is room for, so that its time axis is on the screen.
function fitted(address) {
  const room = lab.clientWidth;
  const width = Math.max(Math.floor(room / LARGER / STEP) * STEP, 320);
  const top = picture.getBoundingClientRect().top + scrollY;
  const height = Math.floor((((innerHeight - top) * width) / room - STEP) / STEP) * STEP;
  address.searchParams.set("width", width);
  address.searchParams.set("height", Math.max(height, STEP));
  return address;
}

function tableIsInView() {
  return document.getElementById("table")?.getBoundingClientRect().top < innerHeight;
}

async function ask(withTable) {
  const itself = view.href, address = fitted(new URL(itself));
  if (!withTable) address.searchParams.set("table", 0);
  let answer, text;
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(5000) });
    text = await answer.text();
  } catch {
    return again || tell("This page's own server does not answer.");
  }
  if (!answer.ok) return again || tell(text);
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const parts of [["picture"], BESIDE]) {
    await new Promise(requestAnimationFrame); // one frame each: a long table does not delay the picture
    // By now something else is wanted. Still show a moment of the past: it may be on the way there.
    if (itself !== view.href && !address.searchParams.has("until")) return;
    for (const id of parts) {
      const part = fresh.getElementById(id);
      if (part) morph(document.getElementById(id), part);
    }
  }
  lab.dataset.now = fresh.getElementById("lab").dataset.now;
  heard = performance.now();
  tell("");
}

// One request at a time: a drag would send sixty a second. Then one more, for the latest view.
async function update({ withTable = true } = {}) {
  again = updating;
  if (updating) return;
  updating = true;
  try {
    await ask(withTable);
    while (again) {
      again = false;
      await ask(true);
    }
  } finally {
    updating = false;
  }
}

// Browsers refuse an address that changes too often.
function keepAddress() {
  holding = false;
  if (view.href !== location.href) history.replaceState(null, "", view);
}

function go(address) {
  view = new URL(address);
  if (!holding) keepAddress();
  update();
}

function asked(name) {
  return view.searchParams.get(name);
}

function change(changes) {
  const address = new URL(view);
  for (const [name, value] of Object.entries(changes)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  return go(address);
}

// The server's time goes on while the page shows the past and sends no requests.
function now() {
  return Number(lab.dataset.now) + (performance.now() - heard) / 1000;
}

addEventListener("resize", () => update());

(async () => {
  await update();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (!document.hidden && !updating && !asked("until")) await update({ withTable: tableIsInView() });
  }
})();
