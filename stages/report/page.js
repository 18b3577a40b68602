// What the page does beyond showing: it enlarges figures and marks the section in view.
{ // a block: nothing is global
  // A button around each figure opens it in a dialog; Esc closes it, and the focus comes back.
  document.body.insertAdjacentHTML("beforeend", `<dialog class="enlarged" aria-label="Enlarged figure">
    <form method="dialog"><button class="close">Close</button></form><div><img alt=""><p></p></div></dialog>`);
  const dialog = document.body.lastElementChild;
  dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
  for (const image of document.querySelectorAll("figure > img")) {
    const button = Object.assign(document.createElement("button"), { className: "enlarge", title: "Enlarge" });
    image.replaceWith(button);
    button.append(image);
    button.addEventListener("click", () => {
      Object.assign(dialog.querySelector("img"), { src: image.src, alt: image.alt });
      dialog.querySelector("p").textContent = button.parentElement.querySelector("figcaption").textContent;
      dialog.showModal();
    });
  }

  // A link into a closed chapter opens it. Browsers that do so by themselves do it too late for us.
  const place = (link) => document.querySelector(link.hash);
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    for (let around = target; around; around = around.parentElement) if (around.localName === "details") around.open = true;
    target?.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();

  // The link to the chapter or section that reaches into the upper third of the window is marked.
  const contents = document.querySelector("nav details");
  const links = [...contents.querySelectorAll("a")];
  const observer = new IntersectionObserver(() => {
    const isAbove = (link) => place(link).checkVisibility() && place(link).getBoundingClientRect().top < window.innerHeight / 3;
    const current = links.findLast(isAbove) ?? links[0];
    for (const link of links) link.ariaCurrent = link === current ? "location" : null;
    contents.querySelector(".here").textContent = `: ${current.textContent}`;
  }, { rootMargin: "0px 0px -67%" });
  for (const link of links) {
    link.addEventListener("click", () => { contents.open = false; if (link.hash === location.hash) reveal(); });
    observer.observe(place(link));
  }
}
