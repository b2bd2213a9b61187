# SPDX-License-Identifier: GPL-3.0-or-later
"""A measurement as an SVG: plain axes from zero, a line for every contender, its name beside it."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 210, 40, 50
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910", "#34495e", "#7f8c8d", "#16a085")


def ticks(most, about=6):
    """Round numbers from 0 to at least `most`, about so many."""
    if most <= 0:
        return [0, 1]
    rough = most / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if k * power >= rough)
    return [round(i * step, 10) for i in range(math.ceil(most / step - 1e-9) + 1)]


def apart(wanted, least):
    """Positions of labels near those wanted, in the same order, at least so far apart."""
    placed = {}
    last = -math.inf
    for key, y in sorted(wanted.items(), key=lambda item: item[1]):
        last = placed[key] = max(y, last + least)
    return placed


def svg(measurement, most=None):
    """The plot as text. most: the highest value that is drawn; what is above leaves the picture."""
    xs = measurement.points()
    lines = {name: [(x, measurement.median(name, x)) for x in xs
                    if measurement.median(name, x) is not None] for name in measurement.samples}
    highest = max((y for line in lines.values() for _, y in line), default=1)
    scale = ticks(min(highest, most) if most else highest)
    numeric = all(isinstance(x, (int, float)) for x in xs)
    across = max(xs) if numeric and xs else max(len(xs), 1)

    def at_x(x):
        part = x / across if numeric else (xs.index(x) + 0.5) / across
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def at_y(y):
        return HEIGHT - BOTTOM - y / scale[-1] * (HEIGHT - TOP - BOTTOM)

    def words(x, y, said, anchor="middle", colour="#000", size=12):
        return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
                f'font-size="{size}">{escape(str(said))}</text>')

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           f'<clipPath id="area"><rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" '
           f'height="{bottom - TOP}"/></clipPath>',
           words(LEFT, 22, measurement.title, "start", size=14)]
    for y in scale:
        out += [f'<path d="M{LEFT} {at_y(y):.1f}H{right}" stroke="#ddd"/>',
                words(LEFT - 6, at_y(y) + 4, f"{y:g}", "end")]
    out += [words(at_x(x), bottom + 16, x) for x in xs]
    out += [f'<path d="M{LEFT} {TOP}V{bottom}H{right}" stroke="#000" fill="none"/>',
            words((LEFT + right) / 2, HEIGHT - 12, measurement.x_label),
            words(LEFT, TOP - 6, measurement.unit, "end")]
    ends = apart({name: max(at_y(line[-1][1]), TOP) for name, line in lines.items() if line}, 14)
    for i, (name, line) in enumerate(lines.items()):
        if not line:
            continue
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line)
        out += [f'<polyline clip-path="url(#area)" points="{path}" fill="none" stroke="{colour}" '
                'stroke-width="2"/>']
        out += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{colour}"/>'
                for x, y in line if y <= scale[-1]]
        out += [words(right + 8, ends[name] + 4, name, "start", colour)]
    return "\n".join([*out, "</svg>"]) + "\n"
