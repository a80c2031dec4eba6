// Keys and the pointer: each action only changes the address (page.js).
const said = document.getElementById("said");
const SHIFT = 1 / 4; // of the window: how far an arrow key moves
const STEPS = { earlier: -1 / 2, later: 1 / 2 }; // of the window, as in documents.py
const NEAR = 3; // pixels: a press that moves no farther is a click

// Shows a moment at the current scale, as in query.py.
function lookAt(moment) {
  const isPast = moment < now(), { span } = picture.querySelector(".lanes").dataset;
  const seen = isPast && !asked("seconds") && Number(span).toFixed(3);
  return change({ until: isPast && moment.toFixed(3), span: seen });
}

// Starts from the view that was asked for, even if not drawn yet, so that quick presses add up.
function look(share) {
  const { at, span } = picture.querySelector(".lanes").dataset;
  return lookAt(Math.min(asked("until") ?? at, now()) + span * share);
}

// Announces the mark to screen readers, once: the figures above change twice a second.
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

// The nearest bar in the lane: in thin lanes, none could be hit.
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
  // Elsewhere an arrow scrolls, and a letter may come from speech input.
  const { key } = event, elsewhere = key !== "Escape" && !picture.contains(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || elsewhere || !picture.querySelector(".lanes")) return;
  if (!KEYS[key] || event.target.closest("input, textarea")) return;
  event.preventDefault();
  holding ||= event.repeat;
  KEYS[key]();
});

addEventListener("keyup", keepAddress);
addEventListener("blur", keepAddress);
