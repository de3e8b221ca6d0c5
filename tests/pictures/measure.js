// What is wrong with how a page looks, by measuring it: a list of sentences, empty where nothing is.
// `wall`: a screen that must not scroll. Sizes of type are judged at a root of 16 px, whatever the screen's is.
({ wall }) => {
  const faults = new Set();
  const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const name = (node) => {
    const panel = node.closest("[id]");
    const own = node.className && typeof node.className === "string" ? `.${node.className.split(" ")[0]}` : node.tagName.toLowerCase();
    return `${panel ? `#${panel.id} ` : ""}${own} «${node.textContent.trim().slice(0, 24)}»`;
  };
  const visible = (node) => node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const drawn = (node) => node.closest("#map-plot, svg, canvas");

  // The page itself
  const page = document.documentElement;
  if (page.scrollWidth > innerWidth) faults.add(`the page scrolls sideways: ${page.scrollWidth} in ${innerWidth}`);
  if (wall && page.scrollHeight > innerHeight) faults.add(`the page scrolls: ${page.scrollHeight} in ${innerHeight}`);

  // Every text: where it stands, what cuts it, what it stands on
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return { rgb: parts.slice(0, 3).map((one) => one * scale), alpha: parts[3] ?? 1 };
  };
  const over = (top, below, alpha) => top.map((one, at) => one * alpha + below[at] * (1 - alpha));
  const ground = parse(getComputedStyle(document.body).backgroundColor).rgb;
  function behind(node) {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      const { rgb, alpha } = parse(backgroundColor);
      if (alpha > 0) layers.push({ rgb, alpha });
      if (alpha === 1) break;
    }
    return layers.reverse().reduce((below, { rgb, alpha }) => over(rgb, below, alpha), ground);
  }
  const light = (rgb) => {
    const [r, g, b] = rgb.map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  function contrast(one, two) {
    const [high, low] = [light(one), light(two)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }

  const texts = []; // {node, left, right, top, bottom}: what is inked
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const node = text.parentElement;
    if (!text.textContent.trim() || drawn(node) || !visible(node) || ["SCRIPT", "STYLE"].includes(node.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0.5 && box.height > 0.5);
    const style = getComputedStyle(node);
    if (!boxes.length || parseFloat(style.fontSize) < 1) continue;
    // A line of Noto is 1.45 em high, what is inked of it about one em in the middle.
    const bare = 0.15 * Math.min(...boxes.map((one) => one.height));
    const lines = boxes.map(({ left, right, top, bottom }) => ({ left, right, top: top + bare, bottom: bottom - bare }));
    const box = {
      left: Math.min(...boxes.map((one) => one.left)), right: Math.max(...boxes.map((one) => one.right)),
      top: Math.min(...boxes.map((one) => one.top)) + bare, bottom: Math.max(...boxes.map((one) => one.bottom)) - bare,
    };
    const label = Boolean(node.closest("#labels, #pulses"));
    let cut = false; // by an ellipsis that has its full text in a title, or by a box that scrolls
    for (let at = node; at && at !== document.body; at = at.parentElement) {
      const { overflowX, overflowY, textOverflow } = getComputedStyle(at);
      const frame = at.getBoundingClientRect();
      if (overflowX === "auto" || overflowX === "scroll" || overflowY === "auto" || overflowY === "scroll") { cut = true; break; }
      const clips = overflowX !== "visible" || overflowY !== "visible";
      const beyond = box.right > frame.right + 1.5 || box.left < frame.left - 1.5;
      const below = box.bottom > frame.bottom + 1 || box.top < frame.top - 1;
      if (clips && beyond && textOverflow === "ellipsis" && at.closest("[title]")?.title) cut = true;
      else if (clips && (beyond || below) && !cut && !label) faults.add(`cut: ${name(node)}`), cut = true;
      else if (at.matches(".panel, .header, dialog") && (beyond || below) && !cut && !label) faults.add(`outside its panel: ${name(node)}`);
    }
    const page = { right: innerWidth, bottom: wall ? innerHeight : Infinity };
    if (!cut && !label && (box.right > page.right + 1 || box.left < -1 || box.bottom > page.bottom + 1)) faults.add(`outside the page: ${name(node)}`);
    if (!label) {
      const { rgb, alpha } = parse(style.color);
      const back = behind(node);
      const size = (parseFloat(style.fontSize) / root) * 16;
      const least = size >= 24 || (size >= 18.6 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      const found = contrast(over(rgb, back, alpha), back);
      if (found < least) faults.add(`contrast ${found.toFixed(2)}: ${name(node)}`);
    }
    if (!cut) texts.push({ node, lines, ...box });
  }

  // Nothing lies over anything else
  const meet = (a, b, slack) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;
  const floating = (node) => node.closest("#card, #map-tip, dialog, #explain, #unplaced, [popover]");
  const standing = texts.filter(({ node }) => !floating(node));
  for (let at = 0; at < standing.length; at += 1) {
    for (let other = at + 1; other < standing.length; other += 1) {
      const [one, two] = [standing[at], standing[other]];
      if (one.node === two.node || one.node.contains(two.node) || two.node.contains(one.node)) continue;
      const labels = [one, two].filter(({ node }) => node.closest("#labels")).length;
      if (labels === 1) continue; // what stands over the map has a ground of its own
      if (meet(one, two, 0.1 * root) && one.lines.some((a) => two.lines.some((b) => meet(a, b, 0.1 * root)))) faults.add(`over each other: ${name(one.node)} and ${name(two.node)}`);
    }
  }
  const panels = [...document.querySelectorAll(".panel, .header")].filter(visible).map((node) => ({ node, ...node.getBoundingClientRect().toJSON() }));
  for (const [at, one] of panels.entries()) {
    for (const two of panels.slice(at + 1)) {
      if (!one.node.contains(two.node) && !two.node.contains(one.node) && meet(one, two, 1)) faults.add(`panels over each other: ${name(one.node)} and ${name(two.node)}`);
    }
    if (one.right > innerWidth + 1 || one.left < -1 || (wall && one.bottom > innerHeight + 1)) faults.add(`panel outside the page: ${name(one.node)}`);
  }
  return [...faults];
}
