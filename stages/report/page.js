// What the page does beyond showing: it enlarges figures and marks the section in view. Without it
// everything is there to read.
"use strict";

(() => {
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // A button around each figure opens it in a dialog; Esc closes it, and the focus comes back.
  const close = make("button", { className: "close" }, "Close");
  const shown = make("div", {});
  const form = make("form", { method: "dialog" }, close);
  const dialog = make("dialog", { className: "enlarged", ariaLabel: "Enlarged figure" }, form, shown);
  document.body.append(dialog);
  dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
  for (const image of document.querySelectorAll("figure > img")) {
    const button = make("button", { type: "button", className: "enlarge", title: "Enlarge" });
    image.replaceWith(button);
    button.append(image);
    button.addEventListener("click", () => {
      const caption = button.parentElement.querySelector("figcaption").textContent;
      shown.replaceChildren(image.cloneNode(), make("p", {}, caption));
      dialog.showModal();
    });
  }

  // The link to the section that reaches into the upper third of the window is marked.
  const contents = document.querySelector("nav details");
  const links = [...contents.querySelectorAll("a")];
  for (const link of links) link.addEventListener("click", () => { contents.open = false; });
  const observer = new IntersectionObserver(() => {
    const top = (link) => document.querySelector(link.hash).getBoundingClientRect().top;
    const current = links.findLast((link) => top(link) < window.innerHeight / 3) ?? links[0];
    for (const link of links) link.ariaCurrent = link === current ? "location" : null;
    contents.querySelector(".here").textContent = `: ${current.textContent}`;
  }, { rootMargin: "0px 0px -67%" });
  for (const link of links) observer.observe(document.querySelector(link.hash));
})();
