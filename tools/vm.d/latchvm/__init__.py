# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms behind tools/vm.

cli      the table of commands; cmd_make, cmd_talk, cmd_run: what they do
guest    one guest: its folder, its state, ssh, what it is doing
banner   which ssh server answers
qemu     the emulator: command line, process identity, monitor, accelerator
build    what is cached: base trees, root disks, volume disks
recipe   what goes into them, as data
rootjob  the part of building that needs root, in namespaces of its own
cache    entries named by the hash of what they are made from
errors   failures that say what, why, and what to do
"""
