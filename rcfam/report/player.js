"use strict";
// Plays a stretch of a recording: frame, then the key that is pressed on it. Never starts by itself.
(() => {
  function start(player) {
    const data = JSON.parse(document.getElementById(player.dataset.replay).textContent);
    const screen = player.querySelector("pre");
    const slider = player.querySelector("input");
    const button = player.querySelector("button");
    const caption = player.querySelector("output");
    const lines = Array.from({ length: data.rows }, () => {
      const line = document.createElement("div");
      screen.append(line);
      return line;
    });
    const cursor = document.createElement("i");
    screen.append(cursor);
    let at = -1;
    let timer = 0;

    function paint(line, runs) {
      line.replaceChildren(...runs.map(([text, style]) => {
        const span = document.createElement("span");
        span.textContent = text;
        span.style.cssText = data.styles[style] || "";
        return span;
      }));
    }

    function show(wanted) {
      const rows = new Map();
      for (let n = wanted > at ? at + 1 : 0; n <= wanted; n += 1) {
        for (const [row, runs] of data.frames[n].rows) rows.set(row, runs);
      }
      rows.forEach((runs, row) => paint(lines[row], runs));
      at = wanted;
      const frame = data.frames[at];
      const [row, column, visible] = frame.cursor;
      cursor.style.transform = `translate(${column}ch, ${row * 1.25}em)`;
      cursor.hidden = !visible;
      slider.value = String(at);
      caption.textContent = `frame ${data.first + at} · key ${frame.key === " " ? "space" : frame.key}`;
    }

    function pause() {
      clearInterval(timer);
      timer = 0;
      button.textContent = "play";
    }

    function play() {
      if (at === data.frames.length - 1) show(0);
      button.textContent = "pause";
      timer = setInterval(() => {
        if (at === data.frames.length - 1) pause();
        else show(at + 1);
      }, 60);
    }

    slider.max = String(data.frames.length - 1);
    slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });
    button.addEventListener("click", () => (timer ? pause() : play()));
    show(data.frames.length >> 1);
    player.dataset.ready = "1";
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".player").forEach(start));
})();
