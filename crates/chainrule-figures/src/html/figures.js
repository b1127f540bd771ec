// Draws each <figure class="chainrule-figure"> from the description it contains, in light or dark mode.
(() => {
  const themes = {
    light: { ink: [26, 26, 26], paper: [255, 255, 255], muted: [117, 117, 117], grid: [228, 228, 228], box: [85, 85, 85] },
    dark: { ink: [232, 232, 232], paper: [22, 24, 28], muted: [154, 160, 166], grid: [52, 56, 63], box: [140, 145, 150] },
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const print = matchMedia("print");

  // "@ink", "@ink/0.5" with opacity, "@mix/213,94,0/0.3" for paper mixed with 30 % of a colour.
  const colour = (token, theme) => {
    const [name, a, b] = token.slice(1).split("/");
    if (name === "mix") {
      const other = a.split(",").map(Number);
      return `rgb(${theme.paper.map((v, k) => Math.round(v + (other[k] - v) * b)).join()})`;
    }
    return `rgba(${theme[name].join()},${a ?? 1})`;
  };
  const themed = (value, theme) => {
    if (typeof value === "string") return /^@(mix|ink|paper|muted|grid|box)(\/|$)/.test(value) ? colour(value, theme) : value;
    if (Array.isArray(value)) return value.map(v => themed(v, theme));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, themed(v, theme)]));
    return value;
  };

  const hasWebGL = (() => {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") ?? canvas.getContext("webgl"));
  })();

  // Height of the strip above the figure for the toolbar.
  const TOOLBAR = 28;

  const draw = async figure => {
    const target = figure.querySelector("div");
    const still = figure.querySelector("template");
    if (still && !hasWebGL) {
      target.replaceChildren(still.content.cloneNode(true));
      figure.dataset.drawn = "still";
      return;
    }
    const text = figure.querySelector("script[type='application/json']").textContent;
    const theme = dark.matches && !print.matches ? themes.dark : themes.light;
    const wide = unpacked(themed(JSON.parse(text), theme));
    const available = print.matches ? Infinity : figure.clientWidth;
    const layouts = [wide, ...wide.layouts];
    // A slightly smaller drawing is still legible.
    const chosen = layouts.find(({ width }) => 0.9 * width <= available) ?? layouts.at(-1);
    const { width, height, layout } = chosen;
    const data = chosen === wide ? wide.data : wide.data.map((trace, k) => chosen.data[k] ?? trace);
    const factor = Math.min(Math.max(figure.clientWidth / width, 0.9), 1.35);
    const below = wide.layout.margin.b;
    Object.assign(layout, { width: width * factor, height: height * factor + below + TOOLBAR });
    Object.assign(layout.margin, { t: TOOLBAR, b: below });
    if (wide.frames.length) Object.assign(layout, { sliders: wide.layout.sliders, updatemenus: wide.layout.updatemenus });
    target.style.width = `${layout.width}px`;
    const config = {
      displaylogo: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
      toImageButtonOptions: { format: "svg" },
    };
    Plotly.purge(target);
    await Plotly.newPlot(target, { data, layout, frames: wide.frames, config });
    figure.dataset.drawn = "yes";
  };
  const drawAll = () => document.querySelectorAll(".chainrule-figure").forEach(draw);
  document.addEventListener("DOMContentLoaded", drawAll);
  dark.addEventListener("change", drawAll);
  print.addEventListener("change", drawAll);
  // A rotated screen or a resized window; on phones the height alone changes while scrolling.
  let drawnWidth = innerWidth, timer;
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (innerWidth === drawnWidth) return;
      drawnWidth = innerWidth;
      drawAll();
    }, 200);
  });
})();
