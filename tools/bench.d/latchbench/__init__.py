# SPDX-License-Identifier: GPL-3.0-or-later
"""Latchkey measured beside what people use today.

cli        the measurements, options, and what is written at the end
unlock     time from the passphrase to the last open volume, by number of volumes
image      bytes added to the image
release    time from open volumes to running services, by number of volumes
place      the guest that contenders run in
figures    medians, ratios, and whether a target is met
table      a measurement as a table in Markdown
plot       a measurement as a plot in SVG
machine    what all of it was taken on
"""
