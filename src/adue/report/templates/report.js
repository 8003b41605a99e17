"use strict";
(() => {
  const config = { responsive: true, displayModeBar: false, scrollZoom: false, doubleClick: false };

  const resolve = (value, styles) => {
    if (typeof value === "string" && value.startsWith("var(--")) return styles.getPropertyValue(value.slice(4, -1)).trim();
    if (Array.isArray(value)) return value.map((item) => resolve(item, styles));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, styles)]));
  };

  const draw = () => {
    const styles = getComputedStyle(document.documentElement);
    for (const plot of document.querySelectorAll(".plot")) {
      const { data, layout } = resolve(JSON.parse(plot.nextElementSibling.textContent), styles);
      Plotly.react(plot, data, layout, config);
    }
  };

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
