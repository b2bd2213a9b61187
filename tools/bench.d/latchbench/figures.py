# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians and ratios of what was measured. Nothing here touches the machine."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Measurement:
    """What one kind of measurement gave.

    samples: {contender: {x: [values]}}, contenders in the order they are shown; x: what is varied
    (volumes), or one label where nothing is. notes: lines that a reader of the figures must know.
    """
    name: str
    title: str
    x_label: str
    unit: str
    notes: list = field(default_factory=list)
    samples: dict = field(default_factory=dict)

    def add(self, contender, x, value):
        self.samples.setdefault(contender, {}).setdefault(x, []).append(value)

    def median(self, contender, x):
        """The median, or None where nothing was measured."""
        values = self.samples.get(contender, {}).get(x)
        return statistics.median(values) if values else None

    def points(self):
        """All x of any contender, ascending, or in the order seen where they are no numbers."""
        seen = dict.fromkeys(x for by_x in self.samples.values() for x in by_x)
        return sorted(seen) if all(isinstance(x, (int, float)) for x in seen) else list(seen)

    def as_json(self):
        return {"title": self.title, "unit": self.unit, "x": self.x_label, "notes": self.notes,
                "contenders": [{"name": name, "points": [
                    {"x": x, "median": self.median(name, x), "values": values}
                    for x, values in by_x.items()]} for name, by_x in self.samples.items()]}


@dataclass(frozen=True)
class Target:
    """A bound on the ratio of two medians: (contender, x) over (contender, x); or, without the
    second, on the first alone, in the measurement's unit."""
    what: str
    over: tuple
    under: tuple = None
    at_least: float = None
    at_most: float = None

    def ratio(self, measurement):
        """The ratio, or None where what it is about was not measured."""
        if self.under is None:
            return measurement.median(*self.over)
        top, bottom = (measurement.median(*side) for side in (self.over, self.under))
        return top / bottom if top is not None and bottom else None

    def met(self, ratio):
        return ((self.at_least is None or ratio >= self.at_least)
                and (self.at_most is None or ratio <= self.at_most))

    def bound(self):
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}"


def judged(measurement, targets):
    """[(target, ratio, met)] of the targets that this run can tell."""
    seen = ((target, target.ratio(measurement)) for target in targets)
    return [(target, ratio, target.met(ratio)) for target, ratio in seen if ratio is not None]
