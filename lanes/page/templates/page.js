"use strict";
// Twice a second the page asks for itself and changes what is different; what is not stays in its
// place, with its tooltip, for those who point at it or have it read to them.
const lab = document.getElementById("lab");
const news = document.getElementById("news");

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) return void (old.data = fresh.data);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  const before = [...old.childNodes], after = [...fresh.childNodes];
  after.forEach((node, i) => (i < before.length ? morph(before[i], node) : old.append(node)));
  before.slice(after.length).forEach((node) => node.remove());
}

function tell(trouble) {
  news.textContent = trouble && `${trouble.trim()} Trying again; below is what was seen last.`;
}

async function update() {
  const itself = new URL(location.href);
  itself.searchParams.set("width", lab.clientWidth);
  let answer, text;
  try {
    answer = await fetch(itself, { signal: AbortSignal.timeout(5000) });
    text = await answer.text();
  } catch {
    return tell("This page's own server does not answer.");
  }
  if (!answer.ok) return tell(text);
  morph(lab, new DOMParser().parseFromString(text, "text/html").getElementById("lab"));
  tell("");
}

(async () => {
  for (;;) {
    if (!document.hidden) await update();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
})();
