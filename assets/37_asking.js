// Panels that ask the server for what they show: when they come on the screen, and when the live feed says that what it
// rests on has changed, folded to one question every few seconds. One that is not on the screen asks nothing.
"use strict";
(() => {
  const { write, mark } = Wall.element;
  const { minute, count } = Wall.format;
  const FOLD_MS = 10_000; // what changes within so long is one question
  const SPREAD_MS = 2_000; // walls do not all ask at the same moment
  const AGAIN_MS = 30_000; // after a failure

  /** "近30日 · 截至 08:03 · 来源 a、b · 3 件未注明渠道": what stands under every such panel. */
  function honesty(answer) {
    const said = [];
    if (answer.period?.days && !answer.reported) said.push(Wall.t("近{n}日", { n: answer.period.days }));
    if (answer.as_of) said.push(Wall.t("截至 {time}", { time: minute(new Date(answer.as_of)) }));
    if (answer.sources?.length) said.push(Wall.t("来源 {names}", { names: named(answer.sources) }));
    return [...said, ...(answer.missing || []).map(Wall.told)].join(" · ");
  }

  function named(sources) {
    const shown = sources.slice(0, 2).join(Wall.t("、"));
    return sources.length > 2 ? Wall.t("{names} 等 {n} 个", { names: shown, n: count(sources.length) }) : shown;
  }

  class Asking {
    /**
     * `name`: the panel's id. `path(state)`: what to ask for, null where there is nothing to ask. `keys`: prefixes of the
     * figures, and `types`: kinds of live items, that it rests on. `fill(answer, body, state)` draws, and answers in words
     * why there is nothing to draw, else null.
     */
    constructor({ name, path, keys = [], types = [], fill }) {
      Object.assign(this, { name, path, keys, types, fill });
      this.state = null;
      this.answer = null;
      this.asked = null; // the path of `answer`, or of the question under way
      this.askedAt = -Infinity;
      this.turn = 0;
      this.timer = null;
      this.paint = this.paint.bind(this);
    }

    part(name) {
      return document.getElementById(`${this.name}-${name}`);
    }

    shown() {
      const node = document.getElementById(this.name);
      return Boolean(node) && !node.closest("[hidden]");
    }

    touched(changes) {
      return this.types.some((type) => changes.types?.has(type))
        || [...changes.figures].some((key) => this.keys.some((prefix) => key.startsWith(prefix)));
    }

    paint(state, changes, whole) {
      this.state = state;
      // Numbers of now beside a wall of then would be taken for those of then.
      if (Wall.replay.at() !== null) return this.rest(Wall.t("回放中：本面板没有当时的数"));
      if (this.covered()) return this.rest("");
      if (this.path(state) !== this.asked) return this.ask();
      if (whole && this.answer) this.draw();
      if (whole || this.touched(changes)) this.soon(FOLD_MS);
    }

    /** Not for visitors while there are some: nothing is asked for. */
    covered() {
      return Wall.visitor.on() && !document.getElementById(this.name).closest("[data-visitors]");
    }

    /** Words in place of the numbers; afterwards everything is asked anew. */
    rest(words) {
      this.turn += 1; // an answer under way is of no use
      this.asked = undefined;
      this.look("empty", words);
      write(this.part("honesty"), "");
    }

    /** Ask again, `least` after the last question. */
    soon(least) {
      if (this.timer !== null) return;
      const wait = Math.max(0, this.askedAt + least - performance.now()) + Math.random() * SPREAD_MS;
      this.timer = setTimeout(() => {
        this.timer = null;
        if (this.shown() && Wall.replay.at() === null && !this.covered()) this.ask(); // else it is painted whole when it comes back, and asks then
      }, wait);
    }

    async ask() {
      const path = this.path(this.state);
      const mine = ++this.turn;
      if (path !== this.asked) {
        this.answer = null;
        this.look("loading", Wall.t("正在取数…"));
      }
      this.asked = path;
      this.askedAt = performance.now();
      if (path === null) return;
      try {
        const answer = await Wall.api.read(path);
        if (mine !== this.turn) return;
        this.answer = answer;
        this.draw();
      } catch (fault) {
        if (mine === this.turn) this.failed(fault);
      }
    }

    draw() {
      const empty = this.fill(this.answer, this.part("body"), this.state);
      this.look(empty ? "empty" : "ready", empty || "");
      write(this.part("honesty"), honesty(this.answer));
      Wall.fit.rows();
    }

    /** What was shown stays and says how old it is; without anything the panel says why it is empty. */
    failed(fault) {
      if (fault.status === undefined) throw fault; // ours, not the line's
      const refused = fault.status >= 400 && fault.status < 500 && fault.status !== 429;
      if (this.answer && !refused) {
        this.look("stale", "");
        write(this.part("honesty"), Wall.t("暂时取不到，仍是 {time} 的数", { time: minute(new Date(this.answer.as_of)) }));
      } else {
        this.answer = null;
        this.look("error", refused ? Wall.t("本屏无权查看") : Wall.t("暂时取不到，稍后再试"));
        write(this.part("honesty"), "");
      }
      if (!refused) this.soon(AGAIN_MS);
    }

    look(word, text) {
      const node = document.getElementById(this.name);
      mark(node, "data-asked", word);
      node.setAttribute("aria-busy", word === "loading");
      write(this.part("empty"), text);
      this.part("body").hidden = word !== "ready" && word !== "stale";
    }
  }

  Wall.asking = (options) => new Asking(options);
})();
