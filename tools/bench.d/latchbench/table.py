# SPDX-License-Identifier: GPL-3.0-or-later
"""A measurement as tables in Markdown."""


def number(value):
    """Three significant digits, none cut off before the point; "–" for nothing."""
    if value is None:
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def rows(lines):
    head, *body = lines
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    for line in body:
        yield "| " + " | ".join(line) + " |"


def markdown(measurement, judged, machine):
    """Medians of every contender, the targets with what came of them, the notes, the machine."""
    xs = measurement.points()
    lines = [[f"{measurement.unit}, by {measurement.x_label}", *map(str, xs)]]
    lines += [[name, *(number(measurement.median(name, x)) for x in xs)]
              for name in measurement.samples]
    text = [f"### {measurement.title}", "", *rows(lines)]
    if judged:
        text += ["", *rows([["target", "bound", "measured", "met"], *(
            [t.what, t.bound(), number(ratio), "yes" if met else "**no**"]
            for t, ratio, met in judged)])]
    fewest = min((len(v) for by_x in measurement.samples.values() for v in by_x.values()), default=0)
    text += ["", f"Medians of {fewest} or more runs, contenders in turn. Machine: {machine}."]
    return "\n".join(text + [f"{note}." for note in measurement.notes]) + "\n"
