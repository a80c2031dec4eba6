// Keys turn the slides; n shows the speaker's notes. Without this script you scroll.
const slides = [...document.querySelectorAll("section")];
const TURNS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
let current = 0;

function show(index) {
  current = Math.min(Math.max(index, 0), slides.length - 1);
  location.replace(`#${slides[current].id}`);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "n") document.body.classList.toggle("notes");
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(slides.length - 1);
  else if (event.key in TURNS) show(current + TURNS[event.key]);
  else return;
  event.preventDefault();
});
addEventListener("resize", () => slides[current].scrollIntoView());

const observer = new IntersectionObserver((changes) => {
  for (const change of changes) if (change.isIntersecting) current = slides.indexOf(change.target);
}, { threshold: 0.6 });
for (const slide of slides) observer.observe(slide);
