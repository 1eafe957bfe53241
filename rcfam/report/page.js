"use strict";
// Embeds every chart in the page's theme, and again when the theme changes.
(() => {
  const root = document.documentElement;
  const preferred = window.matchMedia("(prefers-color-scheme: dark)");
  const order = ["auto", "light", "dark"];
  let views = [];

  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : preferred.matches);

  function config() {
    const style = getComputedStyle(root);
    const ink = style.getPropertyValue("--ink").trim();
    const soft = style.getPropertyValue("--soft").trim();
    const line = style.getPropertyValue("--line").trim();
    const text = { labelColor: soft, titleColor: ink, labelFontSize: 12, titleFontSize: 12 };
    return {
      background: null,
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis: { ...text, gridColor: line, domainColor: soft, tickColor: soft },
      legend: text,
      text: { color: ink },
      range: { ordinal: { scheme: "viridis", extent: isDark() ? [0.25, 1] : [0, 0.85] } },
    };
  }

  async function draw() {
    views.forEach((view) => view.finalize());
    const jobs = [...document.querySelectorAll("div.chart")].map((place) => {
      const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
      const narrow = place.clientWidth < 520;
      const options = {
        mode: "vega-lite",
        renderer: "svg",
        tooltip: { theme: isDark() ? "dark" : "light" },
        actions: narrow ? false : { export: true, source: false, compiled: false, editor: false },
        config: config(),
      };
      return vegaEmbed(place, { ...spec, width: "container" }, options);
    });
    views = await Promise.all(jobs);
    root.dataset.drawn = String(views.length);
  }

  function label(button) {
    button.textContent = `theme: ${root.dataset.theme || "auto"}`;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    label(button);
    button.addEventListener("click", () => {
      const next = order[(order.indexOf(root.dataset.theme || "auto") + 1) % order.length];
      if (next === "auto") delete root.dataset.theme;
      else root.dataset.theme = next;
      label(button);
      draw();
    });
    preferred.addEventListener("change", draw);
    for (const fold of document.querySelectorAll("details")) {
      fold.addEventListener("toggle", () => window.dispatchEvent(new Event("resize"))); // a closed one has no width
    }
    draw();
  });
})();
