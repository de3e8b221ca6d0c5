// The hand on the map: what it points at is told, what it clicks is opened.
"use strict";
(() => {
  const { t } = Wall;
  const { make } = Wall.element;
  const { parts, count } = Wall.format;
  const CLOSE_ZOOM = 12; // from here on a video point or a cluster of them is clicked, not the grid below
  const REACH = 6; // px: a finger is wider than a point
  let tellOf = () => {};

  function rate(figure) {
    if (figure?.covered) return "";
    if (!figure || !figure.closed_due) return t("近30日按期办结：近期无应办结");
    const n = parts(figure.closed_on_time, figure.closed_due);
    if (figure.closed_due < 10) return t("近30日按期办结：样本不足（{n}）", { n });
    return t("近30日按期办结 {rate}%（{n}）", { rate: ((100 * figure.closed_on_time) / figure.closed_due).toFixed(1), n });
  }

  function cellAt(map, at) {
    const [feature] = map.queryRenderedFeatures(at, { layers: ["grid-fill"] });
    return feature ? String(feature.properties.code) : null;
  }

  const around = ({ x, y }) => [[x - REACH, y - REACH], [x + REACH, y + REACH]];

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
        const line = Wall.paint.line(code);
        tip.replaceChildren(...[
          make("b", {}, child.name),
          line ? make("span", {}, line) : null,
          make("span", {}, t("近7日上报 {n} 件", { n: count(Wall.choropleth.reported(state(), code)) })),
          make("span", {}, rate(figure))].filter(Boolean));
      }
      const { width, height } = map.getContainer().getBoundingClientRect();
      const ratio = width / map.getContainer().offsetWidth;
      const [x, y] = [at.x * ratio, at.y * ratio];
      tip.style.transform =
        `translate(${x > width / 2 ? "calc(-100% - 12px)" : "12px"}, ${y > height / 2 ? "calc(-100% - 12px)" : "12px"})`;
      tip.style.left = `${x}px`;
      tip.style.top = `${y}px`;
    }

    tellOf = tell;
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
      const name = Wall.cases.at(event.point, REACH);
      if (name) return leave(), Wall.card.open(name);
      const [spot] = map.queryRenderedFeatures(around(event.point), { layers: ["case-tile"] });
      if (spot?.properties.n > 1) return leave(), Wall.map.near(event.lngLat);
      if (spot) return leave(), Wall.card.open(spot.properties.case_no);
      const close = map.getZoom() >= CLOSE_ZOOM;
      const [point] = close ? map.queryRenderedFeatures(around(event.point), { layers: ["video-point", "video-cluster"] }) : [];
      if (point?.properties.point_id) return leave(), Wall.video.open(point.properties.point_id);
      if (point?.properties.total > 1) return leave(), Wall.map.near(event.lngLat);
      const code = cellAt(map, event.point);
      leave();
      if (code && code !== state().grid.code) open(code);
    });
  }

  Wall.pointer = { start, rate, tell: (code, at) => tellOf(code, at) };
})();
