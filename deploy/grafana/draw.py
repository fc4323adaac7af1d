#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws evalx.json without Grafana: each panel's own queries are asked of a real Prometheus, and drawn where the dashboard places the panel.

    deploy/grafana/draw.py --prometheus http://127.0.0.1:9090 --minutes 60 -o picture.png

For documents, reports and machines without a browser; needs Debian's python3-matplotlib. What Grafana can do beyond it (looking closer, choosing
series) a picture cannot.
"""
import argparse
import json
import math
import re
import time
import urllib.parse
import urllib.request
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator  # noqa: E402

PAGE, CARD, EDGE, INK, FAINT, GRID = "#111217", "#181b1f", "#2c3036", "#d8d9da", "#9aa0a8", "#2a2e34"
PALETTE = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#fade2a", "#8ab8ff", "#ffb357", "#ff7383", "#ca95e5"]
NAMED = {"green": "#73bf69", "yellow": "#f2cc0c", "red": "#f2495c"}
UNIT_WIDTH, UNIT_HEIGHT, DPI = 0.72, 0.30, 100  # inches of one cell of the dashboard's grid
PAD = 0.07


def ask(base, path, **parameters):
    with urllib.request.urlopen(f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as answer:
        return json.load(answer)["data"]["result"]


def values_of(base, expr, window, rate_interval):
    expr = expr.replace("$__rate_interval", rate_interval).replace("$namespace", ".*")
    start, end, step = window
    series = []
    for one in ask(base, "query_range", query=expr, start=start, end=end, step=step):
        points = {round((float(at) - start) / step): float(value) for at, value in one["values"]}
        line = [points.get(i, math.nan) for i in range(int((end - start) / step) + 1)]
        series.append((one["metric"], [value if math.isfinite(value) else math.nan for value in line]))
    return series


def legend_of(template, labels):
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), template) if template != "__auto" else ""


def shown(value, unit):
    """As Grafana would, three digits at most."""
    def digits(number):
        return f"{number:.0f}" if abs(number) >= 99.5 or number == round(number) else f"{number:.1f}" if abs(number) >= 9.95 else f"{number:.2g}"
    if value is None or math.isnan(value):
        return "–"
    if unit == "s":
        for factor, name in ((1e-6, "µs"), (1e-3, "ms"), (1, "s"), (60, "min"), (3600, "h")):
            if abs(value) < factor * (1000 if factor < 1 else 60 if factor < 3600 else math.inf):
                return f"{digits(value / factor)} {name}" if value else "0 s"
    if unit == "percentunit":
        return f"{digits(value * 100)} %"
    if unit == "bytes":
        power = min(int(math.log(max(abs(value), 1), 1024)), 4)
        return f"{digits(value / 1024 ** power)} {['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}"
    text = digits(value / 1000) + " K" if abs(value) >= 10000 else digits(value)
    return text + {"ops": " /s", "reqps": " /s"}.get(unit, "")


class Page:
    def __init__(self, dashboard, base, window, rate_interval):
        self.base, self.window, self.rate_interval = base, window, rate_interval
        self.rows = 2 + max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
        self.width, self.height = 24 * UNIT_WIDTH + 2 * PAD, self.rows * UNIT_HEIGHT + 2 * PAD
        self.figure = plt.figure(figsize=(self.width, self.height), dpi=DPI, facecolor=PAGE)
        start, end, _ = window
        self.write(0.12, 1.2, dashboard["title"], size=18, weight="bold")
        self.write(24 - 0.12, 1.2, f"{time.strftime('%d %b %Y  %H:%M', time.gmtime(start))} to {time.strftime('%H:%M', time.gmtime(end))} UTC", size=10.5, color=FAINT, ha="right")
        for panel in dashboard["panels"]:
            {"row": self.row, "stat": self.stat, "timeseries": self.timeseries}[panel["type"]](panel)

    def box(self, x, y, w, h):
        """A rectangle in the dashboard's cells, from the top left, as matplotlib's fractions from the bottom left."""
        return ((x * UNIT_WIDTH + PAD) / self.width, 1 - ((y + 2 + h) * UNIT_HEIGHT + PAD) / self.height, w * UNIT_WIDTH / self.width, h * UNIT_HEIGHT / self.height)

    def write(self, x, y, text, size, color=INK, **options):
        left, bottom, _, _ = self.box(x, y - 2, 0, 0)
        return self.figure.text(left, bottom, text, fontsize=size, color=color, va="center", **options)

    def card(self, panel):
        place = panel["gridPos"]
        left, bottom, w, h = self.box(place["x"], place["y"], place["w"], place["h"])
        inset_x, inset_y = 0.035 / self.width, 0.035 / self.height
        self.figure.add_artist(FancyBboxPatch((left + inset_x, bottom + inset_y), w - 2 * inset_x, h - 2 * inset_y, boxstyle="round,pad=0,rounding_size=0.0015", transform=self.figure.transFigure,
                                              facecolor=CARD, edgecolor=EDGE, linewidth=0.8, zorder=0))
        self.write(place["x"] + 0.2, place["y"] + 2.62, panel["title"], size=9.8, weight="bold")
        return place

    def row(self, panel):
        place = panel["gridPos"]
        self.write(place["x"] + 0.12, place["y"] + 2.55, "▾ " + panel["title"], size=12.5, weight="bold")

    def series(self, panel):
        found = []
        for target in panel["targets"]:
            for labels, line in values_of(self.base, target["expr"], self.window, self.rate_interval):
                found.append((legend_of(target["legendFormat"], labels) or panel["title"], line))
        return found

    def stat(self, panel):
        place, found = self.card(panel), self.series(panel)
        defaults = panel["fieldConfig"]["defaults"]
        line = found[0][1] if found else []
        last = next((value for value in reversed(line) if not math.isnan(value)), math.nan)
        color = NAMED["green"]
        for step in defaults["thresholds"]["steps"]:
            if step["value"] is None or last >= step["value"]:
                color = NAMED[step["color"]]
        words = {key: one["text"] for mapping in defaults["mappings"] for key, one in mapping["options"].items()}
        self.write(place["x"] + place["w"] / 2, place["y"] + 3.9, words.get(f"{last:g}", shown(last, defaults["unit"])), size=20, color=color, weight="bold", ha="center")
        if line:
            axes = self.figure.add_axes(self.box(place["x"] + 0.06, place["y"] + 2.75, place["w"] - 0.12, 1.1))
            axes.set_axis_off()
            axes.plot(line, color=color, linewidth=0.9)
            axes.fill_between(range(len(line)), line, color=color, alpha=0.18, linewidth=0)
            axes.set_ylim(0, max([value for value in line if not math.isnan(value)] + [1e-9]) * 1.15)
            axes.set_xlim(0, len(line) - 1)

    def timeseries(self, panel):
        place, found = self.card(panel), self.series(panel)
        defaults = panel["fieldConfig"]["defaults"]
        custom, unit = defaults["custom"], defaults["unit"]
        axes = self.figure.add_axes(self.box(place["x"] + 1.0, place["y"] + 1.2, place["w"] - 1.3, place["h"] - 3.2), facecolor="none")
        found = sorted(found, key=lambda one: -max([value for value in one[1] if not math.isnan(value)] + [0]))[:10]
        at = range(len(found[0][1])) if found else range(2)
        stacked = custom["stacking"]["mode"] == "normal"
        floor = [0.0] * len(at)
        for i, (_, line) in enumerate(found):
            color = PALETTE[i % len(PALETTE)]
            top = [base + (0 if math.isnan(value) else value) for base, value in zip(floor, line)] if stacked else line
            axes.plot(at, top, color=color, linewidth=1.3, zorder=3)
            axes.fill_between(at, floor, top, color=color, alpha=custom["fillOpacity"] / 100, linewidth=0, zorder=2)
            floor = top if stacked else floor
        self.scales(axes, found, stacked, floor, unit)
        self.legend(place, found, unit)

    def scales(self, axes, found, stacked, floor, unit):
        start, end, step = self.window
        peak = max([value for one in ([floor] if stacked else [line for _, line in found]) for value in one if not math.isnan(value)] + [0])
        axes.set_ylim(0, peak * 1.1 if peak > 0 else 1)
        axes.set_xlim(0, (end - start) / step)
        axes.yaxis.set_major_locator(self.locator(unit, peak))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: shown(value, unit) if value >= 0 else ""))
        minutes = max(round((end - start) / 60 / 4), 1)
        first = math.ceil(start / 60 / minutes) * minutes * 60
        ticks = list(range(first, int(end) + 1, minutes * 60))
        axes.set_xticks([(tick - start) / step for tick in ticks], [time.strftime("%H:%M", time.gmtime(tick)) for tick in ticks])
        axes.tick_params(colors=FAINT, labelsize=8.2, length=0)
        axes.grid(color=GRID, linewidth=0.7)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if not found:
            axes.text(0.5, 0.5, "nothing yet", transform=axes.transAxes, color=FAINT, ha="center", va="center", fontsize=9)

    @staticmethod
    def locator(unit, peak):
        """Round figures: of minutes, of powers of two, or of tens."""
        if unit == "bytes":
            return MultipleLocator(2 ** max(round(math.log2(max(peak, 1) / 4)), 0))
        if unit == "s" and peak >= 90:
            return MultipleLocator(60 * max(round(peak / 60 / 4), 1))
        return MaxNLocator(4)

    def legend(self, place, found, unit):
        """In two lines at most below the graph; a single series is the title's own."""
        x, y, left = place["x"] + 0.35, place["y"] + place["h"] + 0.8, place["x"] + place["w"] - 0.2
        for i, (name, line) in enumerate(found):
            last = next((value for value in reversed(line) if not math.isnan(value)), math.nan)
            text = self.write(x + 0.32, y, f"{name}  {shown(last, unit)}" if len(found) <= 3 else name, size=8.4, color=FAINT)
            wide = 0.32 + text.get_window_extent(self.figure.canvas.get_renderer()).width / (UNIT_WIDTH * DPI) + 0.25
            if x + wide > left and x > place["x"] + 0.35:
                x, y = place["x"] + 0.35, y + 0.72
                if y > place["y"] + place["h"] + 1.8:
                    text.remove()
                    return
                text.set_position(self.box(x + 0.32, y - 2, 0, 0)[:2])
            self.write(x, y, "━", size=9, color=PALETTE[i % len(PALETTE)], weight="bold")
            x += wide


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL")
    parser.add_argument("--minutes", type=float, default=60, help="up to now (60)")
    parser.add_argument("--until", type=float, help="up to this moment instead (seconds since 1970)")
    parser.add_argument("--step", type=float, help="seconds between two points (the minutes / 200)")
    parser.add_argument("--rate-interval", default="1m", help="over what rates are taken: four scrapes or more (1m)")
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    until = options.until or time.time()
    step = options.step or max(options.minutes * 60 / 200, 1)
    dashboard = json.loads(Path(__file__).with_name("evalx.json").read_text())
    page = Page(dashboard, options.prometheus, (until - options.minutes * 60, until, step), options.rate_interval)
    page.figure.savefig(options.output, facecolor=PAGE)


if __name__ == "__main__":
    main()
