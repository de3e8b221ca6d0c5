// A whole in its parts: one bar that is all of it, and a row a part. The parts add up to the whole, which is told.
"use strict";
(() => {
  const { make, write, style } = Wall.element;
  const { count, parts } = Wall.format;

  function segment(part, at) {
    const node = make("i", { class: "segment", "data-step": at, title: `${Wall.told(part.label)} ${count(part.n)}` });
    style(node, "flex-grow", part.n);
    return node;
  }

  function row(part, answer, at, extra) {
    const small = answer.whole.n < Wall.share.ENOUGH;
    const about = { id: part.indicator, grid: answer.grid, from: answer.period?.from, to: answer.period?.to };
    const name = part.indicator
      ? Wall.share.figure(Wall.told(part.label), about, { class: "figure row-name", title: Wall.told(part.label) }) : make("span", { class: "row-name", title: Wall.told(part.label) }, Wall.told(part.label));
    return make("li", { "data-part": part.id, "data-n": part.n, "data-small": small ? "" : null },
      make("i", { class: "segment", "data-step": at }), name,
      make("span", { class: "row-n" }, count(part.n)),
      make("span", { class: "row-value" }, small ? "" : part.share === null ? "—" : `${part.share.toFixed(1)}%`),
      make("span", { class: "row-parts" }, extra ? extra(part) : parts(part.n, answer.whole.n)));
  }

  /** A panel `name` for a whole (of the same name, where none is told). `extra(part)`: the last column instead of n / N. */
  function panel(name, { whole = name, none, keys, extra = null }) {
    return Wall.asking({
      name, keys, types: [],
      path: (state) => `/parts/${whole}?grid=${encodeURIComponent(state.grid.code)}`,
      fill: (answer, body) => {
        const small = answer.whole.n > 0 && answer.whole.n < Wall.share.ENOUGH;
        write(document.getElementById(`${name}-note`), Wall.t("{label} {n} 件", { label: Wall.told(answer.whole.label), n: count(answer.whole.n) }) + (small ? ` · ${Wall.t("样本不足")}` : ""));
        if (!answer.whole.n) return none();
        const [bar, list] = body.children;
        bar.hidden = small;
        bar.replaceChildren(...answer.parts.map(segment));
        list.replaceChildren(...answer.parts.map((part, at) => row(part, answer, at, extra)));
        return null;
      },
    });
  }

  Wall.parts = { make: panel };
})();
