// A board: indicators that are looked at together, one a row with its bar, value and n / N.
"use strict";
(() => {
  const { make, style } = Wall.element;

  const about = (item, answer) =>
    ({ id: item.id, grid: answer.grid, from: answer.period?.from, to: answer.period?.to });

  function row(item, answer) {
    const told = Wall.share.valueOf(item);
    const bar = make("i", { class: "bar" });
    if (item.unit === "%" && item.value !== null) style(bar, "--share", Math.min(1, item.value / 100));
    return make("li", { "data-board-item": item.id, "data-small": told.small ? "" : null, title: [item.formula, item.note].filter(Boolean).map(Wall.told).join("\n") },
      Wall.share.figure(Wall.told(item.label), about(item, answer), { class: "figure row-name" }),
      item.unit === "%" ? bar : make("i", {}),
      make("span", { class: "row-value" }, told.text), make("span", { class: "row-parts" }, told.parts));
  }

  /** The periods and times that reported figures are of, without repeating one. */
  const reported = (answer) => [...new Set(answer.items.map((item) => item.reported).filter(Boolean))].slice(0, 2);

  /** A panel `name` for the board of the same name. `fill` draws instead of the rows; `none`: why there may be nothing. */
  function board(name, { none, fill = null, keys = ["day."], types = ["indicator"] }) {
    return Wall.asking({
      name, keys, types,
      path: (state) => `/boards/${name}?grid=${encodeURIComponent(state.grid.code)}`,
      fill: (answer, body, state) => {
        const told = reported(answer);
        answer.reported = told.length > 0; // those have periods of their own
        answer.missing = [...told, ...answer.missing];
        if (!answer.items.some((item) => item.numerator !== null)) return none();
        if (fill) return fill(answer, body, state);
        body.querySelector("ol").replaceChildren(...answer.items.map((item) => row(item, answer)));
        return null;
      },
    });
  }

  Wall.board = { make: board, row, about };
})();
