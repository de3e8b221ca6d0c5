// The hand on the map: what it points at is told, what it clicks is opened.
"use strict";
(() => {
  const { make } = Wall.element;
  const { parts, count } = Wall.format;

  function rate(figure) {
    if (!figure || !figure.closed_due) return "近30日按期办结：近期无应办结";
    const n = parts(figure.closed_on_time, figure.closed_due);
    if (figure.closed_due < 10) return `近30日按期办结：样本不足（${n}）`;
    return `近30日按期办结 ${((100 * figure.closed_on_time) / figure.closed_due).toFixed(1)}%（${n}）`;
  }

  function cellAt(map, at) {
    const [feature] = map.queryRenderedFeatures(at, { layers: ["grid-fill"] });
    return feature ? String(feature.properties.code) : null;
  }

  /** `state()` gives the current state, `open(code)` drills. */
  function start(map, state, open) {
    const tip = document.getElementById("map-tip");
    let over = null;

    function tell(code, at) {
      const child = state().children.find((one) => one.code === code);
      tip.hidden = !child;
      Wall.map.light(child ? code : null);
      map.getCanvas().style.cursor = child ? "pointer" : "";
      if (!child) return;
      if (over !== code) {
        const figure = state().figures.get(`child.${code}`);
        tip.replaceChildren(
          make("b", {}, child.name),
          make("span", {}, `近7日上报 ${count(Wall.choropleth.reported(state(), code))} 件`),
          make("span", {}, rate(figure)));
      }
      const { width, height } = map.getContainer().getBoundingClientRect();
      const ratio = width / map.getContainer().offsetWidth;
      const [x, y] = [at.x * ratio, at.y * ratio];
      tip.style.transform =
        `translate(${x > width / 2 ? "calc(-100% - 12px)" : "12px"}, ${y > height / 2 ? "calc(-100% - 12px)" : "12px"})`;
      tip.style.left = `${x}px`;
      tip.style.top = `${y}px`;
    }

    map.on("mousemove", (event) => {
      const code = cellAt(map, event.point);
      tell(code, event.point);
      over = code;
    });
    const leave = () => {
      over = null;
      tip.hidden = true;
      Wall.map.light(null);
    };
    map.on("mouseout", leave);
    map.on("click", (event) => {
      const code = cellAt(map, event.point);
      leave();
      if (code && code !== state().grid.code) open(code);
    });
  }

  Wall.pointer = { start, rate };
})();
