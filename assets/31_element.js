// Making and changing elements without ever reading data as markup.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  /** An HTML element; strings among the children become text. */
  const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

  const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  /** Set the text only where it differs: an equal write would still repaint. The text node stays where there is one: another
   *  in its place has the rules of what is around it asked again. */
  function write(node, text) {
    if (node.textContent === text) return;
    const only = node.childNodes.length === 1 && node.firstChild.nodeType === Node.TEXT_NODE;
    if (only && text) node.firstChild.data = text;
    else node.textContent = text;
  }

  /** Hide or show only where it is otherwise, for the same reason. */
  function hide(node, hidden) {
    if (node.hidden !== hidden) node.hidden = hidden;
  }

  function mark(node, name, value) {
    const text = value === null || value === undefined ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }

  /** Let it move once, unless motion is not wanted. No rule of the stylesheet: what a rule moves costs the page a look at
   *  its styles when it begins and when it ends. */
  function move(node, frames, timing) {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) node.animate(frames, timing);
  }

  /** Set a custom property only where it differs: an equal write would still have the style worked out anew. */
  function style(node, name, value) {
    if (node.style.getPropertyValue(name) !== String(value)) node.style.setProperty(name, value);
  }

  /** Paths of a drawing of 100 x 100 in `box`, {class: d}: the elements stay, only what moved is written. */
  function paths(box, drawn) {
    if (!box.firstChild) {
      box.append(draw("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
        ...Object.keys(drawn).map((name) => draw("path", { class: name }))));
    }
    Object.values(drawn).forEach((d, at) => mark(box.firstChild.children[at], "d", d));
  }

  /** A path "M… L…" over points [x, y]; null is a gap. */
  function line(points) {
    let pen = "M";
    let path = "";
    for (const point of points) {
      if (!point) {
        pen = "M";
        continue;
      }
      path += `${pen}${point[0].toFixed(2)} ${point[1].toFixed(2)}`;
      pen = "L";
    }
    return path;
  }

  Wall.element = { make, draw, write, hide, move, mark, style, paths, line };
})();
