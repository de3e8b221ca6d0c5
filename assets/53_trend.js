// Thirty days of intake and closure over the band of the same season.
"use strict";
(() => {
  const { draw, write, line } = Wall.element;
  const known = (value) => value !== null && value !== undefined;

  function paint(state, changes, whole) {
    if (!whole && ![...changes.figures].some((key) => key.startsWith("day."))) return;
    const days = Wall.state.figuresOf(state, "day.").sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const top = Math.max(1, ...days.flatMap(([, day]) => [day.reported, day.closed, day.high].filter(known)));
    const x = (at) => (at * 100) / Math.max(1, days.length - 1);
    const y = (value) => 100 - (96 * value) / top;
    const curve = (name) => line(days.map(([, day], at) => (known(day[name]) ? [x(at), y(day[name])] : null)));
    const banded = days.map(([, day], at) => [day, at]).filter(([day]) => known(day.low) && known(day.high));
    const band = [
      ...banded.map(([day, at]) => [x(at), y(day.high)]),
      ...banded.reverse().map(([day, at]) => [x(at), y(day.low)]),
    ];
    const outside = days.flatMap(([, day], at) => (known(day.high) && day.reported > day.high ? [[x(at), y(day.reported)]] : []));
    document.getElementById("trend-box").replaceChildren(draw("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
      draw("path", { class: "trend-band", d: band.length ? `${line(band)}Z` : "" }),
      draw("path", { class: "trend-closed", d: curve("closed") }),
      draw("path", { class: "trend-reported", d: curve("reported") }),
      draw("path", { class: "trend-outside", d: outside.map(([px, py]) => `M${px.toFixed(2)} ${py.toFixed(2)}h0`).join("") })));
    const short = (key) => key.slice(5).replace("-", "/");
    write(document.getElementById("trend-first"), days.length ? short(days[0][0]) : "");
    write(document.getElementById("trend-last"), days.length ? short(days[days.length - 1][0]) : "");
    write(document.getElementById("trend-top"), days.length ? `${top} 件` : "");
    const last = days[days.length - 1]?.[1];
    document.getElementById("trend").title = last
      ? `今日上报 ${last.reported}，办结 ${last.closed}；历史同期 ${last.low ?? "—"}–${last.high ?? "—"}` : "";
  }

  Wall.trend = { paint };
})();
