// How a share is shown, everywhere alike: few cases give no rate, nothing gives a dash.
"use strict";
(() => {
  const { make } = Wall.element;
  const { count, parts } = Wall.format;
  const ENOUGH = 10;

  /** {text, parts, small} of n of N, and whether it may be coloured and ranked. */
  function share(n, of, value = null) {
    if (of === null || of === undefined || n === null || n === undefined) return { text: "—", parts: "", small: true };
    if (!of) return { text: "—", parts: parts(n, of), small: true };
    if (of < ENOUGH) return { text: Wall.t("样本不足"), parts: parts(n, of), small: true };
    return { text: `${(value ?? (100 * n) / of).toFixed(1)}%`, parts: parts(n, of), small: false };
  }

  /** A button that lays the number open: `59_explain.js` acts on it. `about`: {id, grid, from, to}. */
  function figure(text, { id, grid, from, to }, attributes = {}) {
    return make("button", {
      type: "button", class: "figure", "data-explain": id, "data-grid": grid, "data-from": from, "data-to": to,
      ...attributes,
    }, text);
  }

  /** The value of an indicator as the API gives it, in the same words. */
  function valueOf(item) {
    if (item.numerator === null) return { text: "—", parts: Wall.t("没有报数"), small: true };
    if (item.denominator === null) return { text: `${count(item.value)} ${Wall.told(item.unit)}`, parts: "", small: false };
    if (item.unit === "%") return share(item.numerator, item.denominator, item.value);
    const text = item.value === null ? "—" : `${count(item.value)} ${Wall.told(item.unit)}`;
    if (item.span) return { text, parts: Wall.t("{n} 件", { n: count(item.denominator) }), small: item.value === null };
    return { text, parts: item.score ? "" : parts(item.numerator, item.denominator), small: item.value === null };
  }

  Wall.share = { of: share, figure, valueOf, ENOUGH };
})();
