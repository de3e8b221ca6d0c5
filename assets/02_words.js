// Words on the screen. The Chinese text is the key; the catalogue of the page's language stands behind it.
// It comes as a script of its own before this one and is a plain object, {"<Chinese>": "<words>"}; the Chinese page has none.
"use strict";
(() => {
  const catalogue = globalThis.YIPING_WORDS ?? {};
  const KEPT = 2_000; // texts of the server whose words are remembered
  const CHINESE = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/;
  const HOLE = /\{(\w+)\}/g;

  /** `t("…{n}…", { n: 12 })`: the text in the page's language, with its values put in. */
  function t(text, values = {}) {
    return (catalogue[text] ?? text).replace(HOLE, (whole, name) => (name in values ? String(values[name]) : whole));
  }

  /** The server writes its sentences from patterns with numbered holes; a sentence is recognised by them, the most telling first. */
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const patterns = Object.keys(catalogue).filter((key) => /\{\d\}/.test(key))
    .map((key) => ({ key, shape: new RegExp(`^${key.split(/\{\d\}/).map(escaped).join("(.*?)")}$`, "s") }))
    .sort((a, b) => b.key.replace(/\{\d\}/g, "").length - a.key.replace(/\{\d\}/g, "").length);
  const known = new Map();

  function translate(text) {
    if (Object.hasOwn(catalogue, text)) return catalogue[text];
    for (const { key, shape } of patterns) {
      const found = shape.exec(text);
      if (found) return catalogue[key].replace(/\{(\d)\}/g, (_, at) => told(found[Number(at) + 1]));
    }
    return text; // a name of the county's own
  }

  /** A sentence that the server wrote, in the page's language. Names of the county stay as they are. */
  function told(text) {
    if (!text || !patterns.length || !CHINESE.test(text)) return text;
    if (!known.has(text)) {
      if (known.size >= KEPT) known.clear();
      known.set(text, translate(text));
    }
    return known.get(text);
  }

  Wall.t = t;
  Wall.told = told;
  Wall.words = { locale: document.documentElement.lang || "zh-CN" };
})();
