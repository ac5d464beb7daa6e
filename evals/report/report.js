"use strict";
const cases = [...document.querySelectorAll(".case")];
const find = document.getElementById("find"), expected = document.getElementById("expected"), wrong = document.getElementById("wrong");
const left = document.getElementById("left");
const texts = new Map(cases.map((item) => [item, item.textContent.toLowerCase()]));
function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of cases) {
    const fits = (!wrong.checked || item.dataset.wrong === "1")
      && (!expected.value || item.dataset.expected === expected.value)
      && words.every((word) => texts.get(item).includes(word));
    item.hidden = !fits;
    shown += fits;
  }
  left.value = shown === 1 ? "1 case" : `${shown} cases`;
}
for (const control of [find, expected, wrong]) control.addEventListener("input", filter);
document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
filter();
