// Numbers, times and words as a person reads them. Data becomes text nodes only, never markup.
"use strict";
(() => {
  const THIN = "\u2009"; // the thin space that separates thousands
  const GRADE = { ORDINARY: "普通", COMPLEX: "复杂", MAJOR: "重大", PETITION_BACKLOG: "信访积案" };
  const STAGE = { ACCEPT: "受理", TRIAGE: "分流", HANDLE: "办理", CLOSE: "办结", FOLLOW: "回访" };
  const LIGHT = { YELLOW: "将到期", RED: "已超期" };
  let zone = "Asia/Shanghai";
  let made = {};

  function formatter(name, options) {
    made[name] ??= new Intl.DateTimeFormat("zh-CN", { timeZone: zone, hourCycle: "h23", ...options });
    return made[name];
  }

  /** All times are shown in the centre's time zone, wherever the screen hangs. */
  function useZone(name) {
    if (name === zone) return;
    zone = name;
    made = {};
  }

  const clock = (at) => formatter("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
  const minute = (at) => formatter("minute", { hour: "2-digit", minute: "2-digit" }).format(at);
  const day = (at) => formatter("day", { month: "numeric", day: "numeric" }).format(at);
  const year = (at) => formatter("year", { year: "numeric" }).format(at);
  const dated = (at) => formatter("dated", { year: "numeric", month: "numeric", day: "numeric" }).format(at);
  const longDay = (at) =>
    `${formatter("long", { month: "long", day: "numeric" }).format(at)} ${formatter("week", { weekday: "long" }).format(at)}`;

  /** Minutes since the centre's midnight. */
  function minuteOfDay(at) {
    const [hours, minutes] = minute(at).split(":").map(Number);
    return hours * 60 + minutes;
  }

  /** The time of day for today, the date before it for another day, the date with its year for another year. */
  function moment(text, now) {
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) return "";
    if (year(at) !== year(now)) return dated(at);
    return day(at) === day(now) ? clock(at) : `${day(at)} ${minute(at)}`;
  }

  /** 12470 -> "12 470" with a thin space; null -> "—". */
  function count(value) {
    if (value === null || value === undefined) return "—";
    return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  }

  /** The parts of a rate as "n / N". */
  const parts = (n, of) => `${count(n)}${THIN}/${THIN}${count(of)}`;

  function age(seconds) {
    if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} 分`;
    if (seconds < 86_400) return `${Math.floor(seconds / 3600)} 小时`;
    return `${Math.floor(seconds / 86_400)} 天`;
  }

  /** "邻里" of kind DISPUTE reads "邻里纠纷". */
  function caseTitle(row) {
    const bare = row.kind === "DISPUTE" && /[\u4e00-\u9fff]$/.test(row.category) && !/(纠纷|其它|其他)$/.test(row.category);
    return `${row.category}${bare ? "纠纷" : ""} · ${GRADE[row.grade] || row.grade}`;
  }

  function casePlace(row) {
    if (!row.placed) return "待定位";
    return [row.parent_name, row.grid_name || row.grid_code].filter(Boolean).join(" · ");
  }

  Wall.format = {
    GRADE, STAGE, LIGHT, useZone, clock, minute, day, longDay, minuteOfDay, moment, count, parts, age, caseTitle, casePlace,
  };
})();
