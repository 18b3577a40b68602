// What the page does beyond showing: it marks where the reader is, sorts and folds tables, and
// enlarges figures. Without it everything is there to read.
"use strict";

(() => {
  const FOLDED = 10; // rows of a long table that stay when it is folded
  const wide = window.matchMedia("(min-width: 75rem)");

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Contents: open beside the text, folded above it; the section in view is marked.
  const contents = document.querySelector("nav details");
  const here = contents.querySelector(".here");
  const links = [...contents.querySelectorAll("a")];
  const fold = () => { contents.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();
  const mark = (link) => {
    for (const other of links) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "location");
    here.textContent = `: ${link.textContent}`;
    const list = contents.parentElement; // scrolls by itself beside the text
    if (wide.matches) list.scrollTop = link.offsetTop - list.clientHeight / 2;
  };
  for (const link of links) {
    link.addEventListener("click", () => { if (!wide.matches) contents.open = false; });
  }
  const above = (share) => (link) =>
    document.querySelector(link.hash).getBoundingClientRect().top < window.innerHeight * share;
  const place = () => {
    const root = document.documentElement;
    const end = window.scrollY > 0 && root.scrollHeight - root.clientHeight - window.scrollY < 2;
    // Short sections, and the last ones, share the window: the one that was asked for counts.
    const started = above(end ? 1 : 1 / 3);
    const asked = links.find((link) => link.hash === location.hash);
    const current = asked && started(asked) && !above(-0.01)(asked) ? asked : links.findLast(started);
    if (current && !current.hasAttribute("aria-current")) mark(current);
  };
  let waiting = false;
  window.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; place(); });
  }, { passive: true });
  window.addEventListener("hashchange", place);
  place();

  // Figures: a button that opens the picture in a dialog; Esc closes it, and focus comes back.
  const picture = make("img", { alt: "" });
  const words = make("p", {});
  const close = make("button", { type: "button", className: "close" }, "Close");
  const dialog = make("dialog", { className: "enlarged" }, close, picture, words);
  dialog.setAttribute("aria-label", "Enlarged figure");
  document.body.append(dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  for (const image of document.querySelectorAll("figure > img")) {
    const button = make("button", { type: "button", className: "enlarge", title: "Enlarge" });
    image.replaceWith(button);
    button.append(image);
    button.addEventListener("click", () => {
      picture.src = image.src;
      picture.alt = image.alt;
      words.textContent = button.parentElement.querySelector("figcaption").textContent.trim();
      dialog.showModal();
      dialog.scrollTop = dialog.scrollLeft = 0;
      dialog.addEventListener("close", () => button.focus(), { once: true });
    });
  }

  // Tables. A cell counts as the first number in it, where it begins with one: "1,078 of 1,152",
  // "−2.5%", "+0.3 (0.1 to 0.5)". Cells without content come last either way.
  const NUMBER = /^\s*([-+−]?)(\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)/;
  const value = (cell) => {
    const text = cell.textContent.trim();
    if (text === "" || text === "–" || text === "never") return null;
    const [, sign, digits] = NUMBER.exec(text) ?? [];
    if (digits === undefined) return text;
    return Number(digits.replaceAll(",", "")) * (sign === "-" || sign === "−" ? -1 : 1);
  };
  const words_in_order = new Intl.Collator("en", { numeric: true });
  const compare = (x, y) => {
    if (typeof x === "number" && typeof y === "number") return x - y;
    return words_in_order.compare(String(x), String(y));
  };
  const sorted = (rows, column, direction) => {
    const keyed = rows.map((row) => ({ row, key: value(row.cells[column]) }));
    const known = keyed.filter(({ key }) => key !== null);
    known.sort((x, y) => direction * compare(x.key, y.key)); // stable, by the language
    return [...known, ...keyed.filter(({ key }) => key === null)].map(({ row }) => row);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const rows = [...body.rows]; // in the order of the report
    const heads = [...table.tHead.rows[0].cells];
    const long = rows.length > FOLDED + 3 && !table.closest("#measures");
    let folded = long;
    const show = (order) => {
      body.append(...order);
      order.forEach((row, index) => { row.hidden = folded && index >= FOLDED; });
    };
    heads.forEach((head, column) => {
      const name = head.textContent;
      const button = make("button", { type: "button", title: "Sort by this column" }, name);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
        for (const other of heads) other.removeAttribute("aria-sort");
        if (next === null) {
          show(rows);
        } else {
          head.setAttribute("aria-sort", next ?? "ascending");
          show(sorted(rows, column, next === "descending" ? -1 : 1));
        }
      });
    });
    if (long) {
      const button = make("button", { type: "button", className: "fold" });
      const label = () => {
        button.textContent = folded ? `Show all ${rows.length} rows` : `Show ${FOLDED} rows`;
        button.setAttribute("aria-expanded", String(!folded));
      };
      button.addEventListener("click", () => {
        folded = !folded;
        show([...body.rows]);
        label();
      });
      table.parentElement.after(button);
      label();
      show(rows);
    }
  }
})();
