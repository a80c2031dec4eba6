"use strict";
// Twice a second the page asks for itself and changes what is different; what is not stays in its
// place, with its tooltip, for those who point at it or have it read to them. What one looks at is
// in the address, so a link or a reload shows the same; all that is here is to change the address.
const lab = document.getElementById("lab");
const picture = document.getElementById("picture");
const news = document.getElementById("news");
const said = document.getElementById("said");
const BESIDE = ["controls", "marked", "notes", "table", "projector", "seen", "kept"];
const STEP = 20; // pixels, as in query.py
const SHIFT = 1 / 4; // of the window: how far an arrow key looks back
const STEPS = { earlier: -1 / 2, later: 1 / 2 }; // of the window, as in documents.py
const NEAR = 3; // pixels: a pointer that has moved less has clicked
const LARGER = document.body.classList.contains("big") ? 1.7 : 1;

let view = new URL(location.href); // what one looks at
let heard = performance.now(); // when the page last learned the server's time
let holding = false; // while one drags, or holds a key down, the address does not follow the view
let updating = false, again = false; // something is wanted that the request on its way does not ask for

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

// The picture is as large as there is room for, so that its time axis is on the screen.
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
    await new Promise(requestAnimationFrame); // a frame for each: a long table holds up no picture
    // Something else is wanted by now. A moment of the past is shown: it may be on the way there.
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

// One request at a time, else whoever drags asks sixty times a second. After it comes one for the latest.
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

// The server's time goes on while one looks at the past and asks for nothing.
function now() {
  return Number(lab.dataset.now) + (performance.now() - heard) / 1000;
}

// In the scale of what is seen, as in query.py.
function lookAt(moment) {
  const isPast = moment < now(), { span } = picture.querySelector(".lanes").dataset;
  const seen = isPast && !asked("seconds") && Number(span).toFixed(3);
  return change({ until: isPast && moment.toFixed(3), span: seen });
}

// From what is asked for, which may not be drawn yet: so quick presses add up.
function look(share) {
  const { at, span } = picture.querySelector(".lanes").dataset;
  return lookAt(Math.min(asked("until") ?? at, now()) + span * share);
}

// To those who have the page read to them, once: the figures above the picture change twice a second.
function say(session) {
  const row = session && lab.querySelector(`tr[data-session="${CSS.escape(session)}"]`);
  const client = row ? `: ${row.querySelector("[data-name=Client]").textContent}` : "";
  said.textContent = session ? `Marked: session ${session}${client}.` : "No session is marked.";
}

function mark(session) {
  const wanted = session === asked("marked") ? "" : session;
  say(wanted);
  return change({ marked: wanted });
}

function markNext(step) {
  const bars = [...picture.querySelectorAll("[data-session]")];
  const sessions = [...new Set(bars.map((bar) => bar.dataset.session))];
  const here = sessions.indexOf(asked("marked"));
  const next = sessions[here < 0 && step < 0 ? sessions.length - 1 : here + step];
  if (next) mark(next);
}

// The bar that is nearest: in thin lanes none could be hit.
function barAt({ clientX, clientY }) {
  const svg = picture.querySelector(".lanes"), box = svg.getBoundingClientRect();
  const { top, pitch } = svg.dataset;
  const y = ((clientY - box.top) * svg.viewBox.baseVal.height) / box.height;
  const row = svg.querySelectorAll(".rows > g")[Math.floor((y - top) / pitch)];
  const distance = (bar) => {
    const { left, right } = bar.getBoundingClientRect();
    return Math.max(left - clientX, clientX - right);
  };
  const bars = [...(row?.querySelectorAll(".bar") ?? [])];
  return bars.reduce((best, bar) => (best && distance(best) <= distance(bar) ? best : bar), undefined);
}

function click(event) {
  const bar = barAt(event);
  if (bar?.closest(".folded")) document.getElementById("fold").click();
  else if (bar) mark(bar.dataset.session);
}

function drag(down) {
  const svg = down.target.closest(".lanes");
  if (!svg || down.button) return;
  const { at, span, left, right } = svg.dataset;
  const second = (((right - left) / span) * svg.getBoundingClientRect().width) / svg.viewBox.baseVal.width;
  const listening = new AbortController();
  let moved = false;
  const on = (name, listener) => addEventListener(name, listener, { signal: listening.signal });
  on("pointermove", ({ clientX }) => {
    moved ||= Math.abs(clientX - down.clientX) > NEAR;
    holding = moved;
    if (moved) lookAt(at - (clientX - down.clientX) / second);
  });
  const end = () => {
    listening.abort();
    keepAddress();
  };
  on("pointerup", (up) => {
    end();
    if (!moved) click(up);
  });
  on("pointercancel", end);
}

const KEYS = {
  ArrowUp: () => markNext(-1),
  ArrowDown: () => markNext(1),
  ArrowLeft: () => look(-SHIFT),
  ArrowRight: () => look(SHIFT),
  Escape: () => asked("marked") && mark(""),
  p: () => document.getElementById("pause").click(),
};

picture.addEventListener("pointerdown", drag);

lab.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-live]"), row = event.target.closest("tr[data-session]");
  if (row) mark(row.dataset.session);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.id in STEPS) look(STEPS[link.id]);
  else go(link.href);
});

addEventListener("keydown", (event) => {
  // Elsewhere an arrow scrolls, and a letter may be what somebody says to the computer.
  const { key } = event, elsewhere = key !== "Escape" && !picture.contains(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || elsewhere || !picture.querySelector(".lanes")) return;
  if (!KEYS[key] || event.target.closest("input, textarea")) return;
  event.preventDefault();
  holding ||= event.repeat;
  KEYS[key]();
});

addEventListener("keyup", keepAddress);
addEventListener("blur", keepAddress);

addEventListener("resize", () => update());

(async () => {
  await update();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (!document.hidden && !updating && !asked("until")) await update({ withTable: tableIsInView() });
  }
})();
