// SPDX-License-Identifier: GPL-3.0-or-later
// What no unlocker can be faster than: `bare create KEYS PASSPHRASE-FILE < TABLES` derives the key of
// the first slot that fits on the device KEYS once, and creates all mappings under one udev cookie.
// A line of TABLES is: NAME UUID START LENGTH TARGET PARAMETERS. `bare remove NAME…` takes mappings
// away, again under one cookie. Status 0 when all of it was done.
#include <libcryptsetup.h>
#include <libdevmapper.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int derive(const char* device, const char* file) {
  struct crypt_device* cd = NULL;
  int r = crypt_init(&cd, device);
  if (r == 0) r = crypt_load(cd, CRYPT_LUKS2, NULL);
  if (r == 0)
    r = crypt_activate_by_keyfile_device_offset(cd, NULL, CRYPT_ANY_SLOT, file, 0, 0, 0);
  crypt_free(cd);
  if (r < 0) fprintf(stderr, "bare: error: cannot open '%s': %s\n", device, strerror(-r));
  return r < 0;
}

static int run(struct dm_task* task, const char* name, uint32_t* cookie) {
  int done = task && dm_task_set_name(task, name) && dm_task_set_cookie(task, cookie, 0) &&
             dm_task_run(task);
  if (task) dm_task_destroy(task);
  if (!done) fprintf(stderr, "bare: error: no work done on the mapping '%s'\n", name);
  return !done;
}

static int create(uint32_t* cookie) {
  char line[4096], name[128], uuid[256], target[32];
  unsigned long long start, length;
  int bad = 0, read = 0;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%127s %255s %llu %llu %31s %n", name, uuid, &start, &length, target, &read) != 5)
      return 1;
    struct dm_task* task = dm_task_create(DM_DEVICE_CREATE);
    if (!task || !dm_task_set_uuid(task, uuid) ||
        !dm_task_add_target(task, start, length, target, line + read))
      return 1;
    bad |= run(task, name, cookie);
  }
  return bad;
}

int main(int argc, char** argv) {
  uint32_t cookie = 0;
  int bad = 0;
  if (argc == 4 && strcmp(argv[1], "create") == 0) {
    bad = derive(argv[2], argv[3]) || create(&cookie);
  } else if (argc > 1 && strcmp(argv[1], "remove") == 0) {
    for (int i = 2; i < argc; ++i) bad |= run(dm_task_create(DM_DEVICE_REMOVE), argv[i], &cookie);
  } else {
    fprintf(stderr, "bare: usage: bare create KEYS PASSPHRASE-FILE < TABLES | bare remove NAME...\n");
    return 2;
  }
  if (cookie != 0) dm_udev_wait(cookie);
  return bad;
}
