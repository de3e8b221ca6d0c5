// Thirty days of intake and closure over the band of the same season.
"use strict";
(() => {
  const { t } = Wall;
  const { write, mark, paths, line } = Wall.element;
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
    paths(document.getElementById("trend-box"), {
      "trend-band": band.length ? `${line(band)}Z` : "",
      "trend-closed": curve("closed"),
      "trend-reported": curve("reported"),
      "trend-outside": outside.map(([px, py]) => `M${px.toFixed(2)} ${py.toFixed(2)}h0`).join(""),
    });
    const short = (key) => key.slice(5).replace("-", "/");
    write(document.getElementById("trend-first"), days.length ? short(days[0][0]) : "");
    write(document.getElementById("trend-last"), days.length ? short(days[days.length - 1][0]) : "");
    write(document.getElementById("trend-top"), days.length ? t("{n} 件", { n: top }) : "");
    const last = days[days.length - 1]?.[1];
    mark(document.getElementById("trend"), "title", last
      ? t("今日上报 {reported}，办结 {closed}；历史同期 {low}–{high}",
        { reported: last.reported ?? "—", closed: last.closed ?? "—", low: last.low ?? "—", high: last.high ?? "—" }) : "");
  }

  Wall.trend = { paint };
})();
