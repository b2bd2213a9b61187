#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/bench makes of its figures: medians, ratios, targets, tables, plots."""

import contextlib
import io
import os
import sys
import unittest
import xml.dom.minidom

TOOLS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(TOOLS, "bench.d"), os.path.join(TOOLS, "vm.d")]

from latchbench import cli, plot, release, table, unlock  # noqa: E402
from latchbench.figures import Measurement, Target, judged  # noqa: E402


def example():
    found = Measurement("unlock", "Title & more", "volumes", "s", ["a note"])
    for value in (9, 2, 4):
        found.add("peer", 8, value)
    found.add("peer", 1, 1)
    found.add("ours", 8, 2)
    return found


class Figures(unittest.TestCase):
    def test_medians_of_what_was_measured(self):
        self.assertEqual(example().median("peer", 8), 4)
        self.assertIsNone(example().median("ours", 1))
        self.assertEqual(example().points(), [1, 8])

    def test_a_target_is_judged_by_its_ratio(self):
        faster = Target("peer / ours", ("peer", 8), ("ours", 8), at_least=2)
        too_fast = Target("peer / ours", ("peer", 8), ("ours", 8), at_least=2.5)
        at_most = Target("ours / peer", ("ours", 8), ("peer", 8), at_most=0.4)
        self.assertEqual([(ratio, met) for _, ratio, met in
                          judged(example(), [faster, too_fast, at_most])],
                         [(2, True), (2, False), (0.5, False)])

    def test_a_target_may_be_about_one_median_alone(self):
        small = Target("ours", ("ours", 8), at_most=1.5)
        self.assertEqual([(ratio, met) for _, ratio, met in judged(example(), [small])], [(2, False)])
        self.assertEqual(judged(example(), [Target("?", ("ours", 1), at_most=1)]), [])

    def test_what_was_not_measured_is_not_judged(self):
        self.assertEqual(judged(example(), [Target("?", ("ours", 1), ("peer", 1), at_least=1)]), [])


class Shown(unittest.TestCase):
    def test_the_table_says_what_is_missing_and_what_is_missed(self):
        found = example()
        text = table.markdown(found, judged(found, [
            Target("fast enough", ("peer", 8), ("ours", 8), at_least=3)]), "a machine")
        self.assertIn("| ours | – | 2.00 |", text)
        self.assertIn("| fast enough | at least 3 | 2.00 | **no** |", text)
        self.assertIn("a machine", text)

    def test_the_plot_is_xml_and_has_every_contender(self):
        drawn = xml.dom.minidom.parseString(plot.svg(example()))
        said = [node.firstChild.data for node in drawn.getElementsByTagName("text")]
        self.assertEqual(len(drawn.getElementsByTagName("polyline")), 2)
        for words in ("peer", "ours", "Title & more", "volumes", "s"):
            self.assertIn(words, said)

    def test_axes_begin_at_zero_and_reach_the_highest(self):
        for most in (0.03, 1, 7, 10, 95, 1234):
            scale = plot.ticks(most)
            self.assertEqual(scale[0], 0)
            self.assertGreaterEqual(scale[-1], most)
            self.assertLess(scale[-1], 2 * most)

    def test_labels_do_not_lie_on_each_other(self):
        placed = sorted(plot.apart({"a": 10, "b": 11, "c": 50}, 14).values())
        self.assertTrue(all(y - x >= 14 for x, y in zip(placed, placed[1:])))


class Options(unittest.TestCase):
    def test_numbers_of_volumes(self):
        self.assertEqual(cli.parser().parse_args(["unlock", "--volumes", "8,1"]).volumes, [1, 8])
        for wrong in ("0", "65", "x", ""):
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                cli.parser().parse_args(["unlock", "--volumes", wrong])

    def test_every_target_is_of_a_contender(self):
        for measurement in (unlock, release):
            for target in measurement.TARGETS:
                self.assertIn(target.over[0], measurement.CONTENDERS.values())
                self.assertIn(target.under[0], measurement.CONTENDERS.values())


if __name__ == "__main__":
    unittest.main()
