"""Plots as SVG, legible on light and on dark pages: colours follow the page's scheme, the ground is
transparent.
"""

import math
from xml.sax.saxutils import escape

STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #24292f }
.small { font-size: 11px }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8c959f; stroke-opacity: .35 }
.a { fill: #0969da; stroke: #0969da } .b { fill: #bc4c00; stroke: #bc4c00 }
.c { fill: #1a7f37; stroke: #1a7f37 } .d { fill: #6e7781; stroke: #6e7781 }
path, polyline { fill: none !important; stroke-width: 2; stroke-linejoin: round }
rect { stroke: none }
.dashed { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #d0d7de }
  .a { fill: #58a6ff; stroke: #58a6ff } .b { fill: #f0883e; stroke: #f0883e }
  .c { fill: #3fb950; stroke: #3fb950 } .d { fill: #8b949e; stroke: #8b949e }
}
"""


class Drawing:
    def __init__(self, width, height, title):
        self._size = width, height
        self._title = title
        self._parts = []
        self.text(16, 24, title, "title")

    def text(self, x, y, text, kind="", anchor="start"):
        self._parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" '
                           f'text-anchor="{anchor}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2):
        self._parts.append(f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" '
                           f'x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def bar(self, x, y, width, height, colour):
        self._parts.append(f'<rect class="{colour}" x="{x:.1f}" y="{y:.1f}" '
                           f'width="{width:.1f}" height="{height:.1f}" rx="2"/>')

    def curve(self, points, colour):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline class="{colour}" points="{joined}"/>')

    def save(self, path):
        width, height = self._size
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                        f'width="{width}" height="{height}" role="img" '
                        f'aria-label="{escape(self._title)}">\n<style>{STYLE}</style>\n'
                        + "\n".join(self._parts) + "\n</svg>\n")


def duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def logins(path, figures):
    """Bars on a logarithmic axis: what a session waits."""
    bars = [("an empty C program", figures["empty"], "d"),
            ("pam_ssmenv, values in memory", figures["warm"], "a"),
            ("pam_exec with a no-op", figures["pam_exec"], "d"),
            ("one curl --aws-sigv4", figures["curl"], "d"),
            ("pam_ssmenv, first login", figures["cold"], "a"),
            ("two aws lines in .bashrc", figures["bashrc"], "b")]
    left, top, width, step = 230, 44, 360, 30
    bottom = top + step * len(bars)
    drawing = Drawing(680, bottom + 36, "What a session waits for its two variables")
    low, high = math.floor(math.log10(bars[0][1])), math.ceil(math.log10(bars[-1][1]))

    def across(value):
        return left + width * (math.log10(value) - low) / (high - low)

    for power in range(low, high + 1):
        drawing.line(across(10 ** power), top - 6, across(10 ** power), bottom)
        drawing.text(across(10 ** power), bottom + 16, duration(10 ** power), "small", "middle")
    for number, (name, value, colour) in enumerate(bars):
        y = top + step * number
        drawing.text(left - 10, y + 15, name, anchor="end")
        drawing.bar(left, y + 2, across(value) - left, 18, colour)
        drawing.text(across(value) + 6, y + 15, duration(value))
    drawing.save(path)


def storm(path, figures):
    """The share of logins that were done after so much time."""
    left, top, width, height = 60, 50, 560, 220
    drawing = Drawing(680, top + height + 56,
                      f"{len(figures['storm_cold'])} logins at once: how many are done after …")
    end = max(figures["storm_cold"][-1], figures["storm_warm"][-1])
    step = next(step for step in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if end / step <= 8)
    end = math.ceil(end / step) * step

    for part in (0, 0.25, 0.5, 0.75, 1):
        y = top + height * (1 - part)
        drawing.line(left, y, left + width, y)
        drawing.text(left - 8, y + 4, f"{part:.0%}", "small", "end")
    for number in range(round(end / step) + 1):
        x = left + width * number * step / end
        drawing.text(x, top + height + 18, f"{number * step:.4g} s", "small", "middle")
    for row, (key, name, colour) in enumerate((("storm_warm", "values in memory", "a"),
                                               ("storm_cold", "nothing fetched before", "b"))):
        times = figures[key]
        points = [(left, top + height)]
        points += [(left + width * seconds / end, top + height * (1 - (i + 1) / len(times)))
                   for i, seconds in enumerate(times)]
        drawing.curve(points, colour)
        drawing.bar(left + 150 * row, top + height + 34, 12, 12, colour)
        drawing.text(left + 18 + 150 * row, top + height + 45, name, "small")
    drawing.save(path)


def fleet(path, panels):
    """The busiest second of every five minutes, a panel for each fleet, on logarithmic axes."""
    left, top, width, height, gap = 70, 64, 560, 150, 52
    end = top + len(panels) * (height + gap)
    drawing = Drawing(680, end + 28, "Calls that a fleet makes in its busiest second of every 5 minutes")
    colours = ("a", "c", "b")

    for number, (title, quota, curves) in enumerate(panels):
        y = top + number * (height + gap)
        panel(drawing, (left, y, width, height), quota, list(zip(colours, (c for _, c in curves))))
        drawing.text(left, y - 10, title)
    for number, (name, _) in enumerate(panels[0][2]):
        drawing.bar(left + 180 * number, end, 12, 12, colours[number])
        drawing.text(left + 18 + 180 * number, end + 11, name, "small")
    drawing.save(path)


PHASES = ((0, "boot"), (32, "new values"), (62, "AWS is away"), (122, "AWS is back"))


MINUTES_EACH = 5


def panel(drawing, place, quota, curves):
    left, top, width, height = place
    highest = max(max(curve) for _, curve in curves)
    length = len(curves[0][1])
    low = 0 if highest < 10000 else 2
    high = math.ceil(math.log10(max(highest, quota)))

    def up(value):
        power = math.log10(value) if value > 0 else low
        return top + height * (1 - (max(power, low) - low) / (high - low))

    for power in range(low, high + 1):
        drawing.line(left, up(10 ** power), left + width, up(10 ** power))
        drawing.text(left - 8, up(10 ** power) + 4, f"{10 ** power:,}", "small", "end")
    for minute, name in PHASES:
        x = left + width * minute / MINUTES_EACH / length
        drawing.line(x, top, x, top + height)
        drawing.text(x + 4, top + height + 15, f"{minute // 60}:{minute % 60:02} {name}", "small")
    for colour, curve in curves:
        drawing.curve([(left + width * (i + part) / length, up(value))
                       for i, value in enumerate(curve) for part in (0, 1)], colour)
    drawing.curve([(left, up(quota)), (left + width, up(quota))], "d dashed")
    drawing.text(left + width + 4, up(quota) + 4, "quota", "small")
