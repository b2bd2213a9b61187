/* SPDX-License-Identifier: GPL-3.0-or-later
 * Only the last function does anything: the others hand out a token that is not
 * NULL, which is all that their caller looks at. */
#include "libudev.h"

#include <unistd.h>

static char token;

struct udev *udev_new(void) { return (struct udev *)&token; }

struct udev *udev_unref(struct udev *udev) {
  (void)udev;
  return 0;
}

struct udev_queue *udev_queue_new(struct udev *udev) {
  (void)udev;
  return (struct udev_queue *)&token;
}

struct udev_queue *udev_queue_unref(struct udev_queue *queue) {
  (void)queue;
  return 0;
}

/* The daemon's control socket exists as long as it runs; with it libdevmapper
 * waits for udev's links, without it makes the device nodes itself. */
int udev_queue_get_udev_is_active(struct udev_queue *queue) {
  (void)queue;
  return access("/run/udev/control", F_OK) == 0;
}
