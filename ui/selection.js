// Lets the reader ask about words on the page: select them, or press "Ask about this" beside a passage. The words go back as they are shown.
const READABLE = ".sq-article, .sq-source blockquote, .sq-answer .sq-prose";
const MARKS = ".sq-sup, .sq-cite, .sq-tip"; // citation numbers are no words of the text
const BLOCKS = "p, li, h2, h3";
const LONGEST = 600;

export default function (component) {
  const { setTriggerValue } = component;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sq-ask-about";
  button.textContent = "Ask about this";
  button.hidden = true;
  (document.querySelector(".stApp") ?? document.body).append(button); // there it has the theme's colours
  let words = "";

  const chosen = () => {
    const selection = document.getSelection();
    const node = selection?.rangeCount && !selection.isCollapsed ? selection.anchorNode : null;
    const element = node && (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);
    if (!element?.closest(READABLE)) return "";
    const copy = selection.getRangeAt(0).cloneContents();
    copy.querySelectorAll(MARKS).forEach((mark) => mark.remove());
    copy.querySelectorAll(BLOCKS).forEach((block) => block.append(" "));
    const said = copy.textContent.replace(/\s+/g, " ").trim();
    return said.length > 2 && said.length <= LONGEST ? said : "";
  };
  const show = () => {
    words = chosen();
    button.hidden = !words;
    if (!words) return;
    const place = document.getSelection().getRangeAt(0).getBoundingClientRect();
    const left = Math.min(Math.max(8, place.left + place.width / 2 - 60), innerWidth - 136);
    button.style.left = `${left}px`;
    button.style.top = `${Math.min(place.bottom + 8, innerHeight - 120)}px`;
  };
  const send = (said) => {
    button.hidden = true;
    document.getSelection()?.removeAllRanges();
    setTriggerValue("about", said);
  };
  const pressed = (event) => {
    const beside = event.target instanceof Element ? event.target.closest(".sq-about") : null;
    const passage = beside?.closest(".sq-source")?.querySelector("blockquote");
    if (passage) {
      event.preventDefault();
      const carrying = [...passage.querySelectorAll("mark")].map((mark) => mark.textContent).join(" "); // of a long quotation, what was said of it
      send((carrying || passage.textContent).replace(/\s+/g, " ").replace(/^“|”$/g, "").trim().slice(0, LONGEST));
    }
  };
  const keep = (event) => event.preventDefault(); // the press must not undo the selection
  const ask = () => words && send(words);

  button.addEventListener("mousedown", keep);
  button.addEventListener("click", ask);
  document.addEventListener("selectionchange", show);
  document.addEventListener("click", pressed);
  show(); // words may have been chosen before this was there
  return () => {
    button.remove();
    document.removeEventListener("selectionchange", show);
    document.removeEventListener("click", pressed);
  };
}
