#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a recorded run (record.py's CSV) as a picture: the depth of the queue above, the workers below, over the same seconds.

    tests/k8s/draw.py docs/scaling-run.csv docs/scaling-run.svg
"""
import csv
import html
import sys

WIDTH, LEFT, RIGHT, TOP = 1000, 70, 30, 70
PANELS = (  # title, height, (column, label, colour, as steps)…
    ("submissions", 230, (("depth", "waiting: evalx_queue_depth", "#c2410c", False), ("running", "running: evalx_submissions_running", "#6b7280", False))),
    ("workers", 230, (("desired", "wanted by the autoscaler", "#1d4ed8", True), ("ready", "ready", "#15803d", True))),
)
GAP, BOTTOM = 62, 46
INK, FAINT = "#1f2937", "#e5e7eb"


def nice(most):
    """The step of an axis of about five marks."""
    step = 1
    while most / step > 6:
        step *= 2.5 if str(step).startswith("2") else 2
    return int(step)


class Picture:
    def __init__(self, rows):
        self.rows, self.parts = rows, []
        self.last = max(row["second"] for row in rows)
        self.height = TOP + sum(panel[1] for panel in PANELS) + GAP * (len(PANELS) - 1) + BOTTOM

    def x(self, second):
        return LEFT + second / self.last * (WIDTH - LEFT - RIGHT)

    def text(self, x, y, words, size=13, anchor="start", weight="normal", halo=False):
        behind = ' paint-order="stroke" stroke="#ffffff" stroke-width="4"' if halo else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{INK}" '
                          f'font-weight="{weight}"{behind}>{html.escape(str(words))}</text>')

    def line(self, x1, y1, x2, y2, colour, dash=""):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>')

    def panel(self, top, title, height, columns):
        most = max(row[column] or 0 for row in self.rows for column, *_ in columns) or 1
        step = nice(most)
        ceiling = -(-most // step) * step

        def y(value):
            return top + height - value / ceiling * height
        for mark in range(0, ceiling + 1, step):
            self.line(LEFT, y(mark), WIDTH - RIGHT, y(mark), FAINT)
            self.text(LEFT - 8, y(mark) + 4, f"{mark:,}", 12, "end")
        for mark in range(0, self.last + 1, 60):
            self.line(self.x(mark), top, self.x(mark), top + height, FAINT)
            self.text(self.x(mark), top + height + 18, mark, 12, "middle")
        self.text(LEFT - 50, top - 12, title, 14, weight="bold")
        at = LEFT + 70
        for column, label, colour, steps in columns:
            points = []
            known = [row for row in self.rows if row[column] is not None]
            for before, row in zip([None, *known], known):
                if steps and before is not None:
                    points.append((self.x(row["second"]), y(before[column])))
                points.append((self.x(row["second"]), y(row[column])))
            path = " ".join(f"{x:.1f},{level:.1f}" for x, level in points)
            self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>')
            self.line(at, top - 17, at + 22, top - 17, colour)
            self.text(at + 28, top - 12, label)
            at += 60 + 7 * len(label)
        return y

    def draw(self, title):
        top = TOP
        for name, height, columns in PANELS:
            self.panel(top, name, height, columns)
            top += height + GAP
        bottom = top - GAP
        for number, row in enumerate(row for row in self.rows if row["event"]):
            x = self.x(row["second"])
            self.line(x, TOP, x, bottom, INK, "3 4")
            right = row["second"] > self.last * 0.8
            self.text(x + (-5 if right else 5), TOP + 16 + 16 * (number % 5), row["event"], 12, "end" if right else "start", halo=True)
        self.text(LEFT - 50, 28, title, 17, weight="bold")
        self.text(WIDTH - RIGHT, self.height - 8, "seconds since the flood began", 12, "end")
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" font-family="sans-serif">'
                f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>' + "\n".join(self.parts) + "</svg>\n")


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [{key: value if key == "event" else int(value) if value else None for key, value in row.items()} for row in csv.DictReader(file)]


def picture(rows):
    peak, most = max(row["depth"] or 0 for row in rows), max(row["ready"] for row in rows)
    return Picture(rows).draw(f"{peak:,} submissions waiting, {rows[0]['ready']} → {most} → {rows[-1]['ready']} workers")


def main():
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(picture(read(sys.argv[1])))


if __name__ == "__main__":
    main()
