// SPDX-License-Identifier: GPL-3.0-or-later
// One key derivation as libcryptsetup does it: `derive make FILE` makes a LUKS2 header with a slot of
// argon2id, 1 GiB, 4 passes, 4 lanes; `derive open FILE` opens that slot once and prints the
// microseconds. Built twice, with the distribution's library and with the one of the unlocker.
#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char passphrase[] = "passphrase";

static int make(struct crypt_device* cd) {
  const struct crypt_pbkdf_type costs = {.type = CRYPT_KDF_ARGON2ID,
                                         .hash = "sha256",
                                         .iterations = 4,
                                         .max_memory_kb = 1048576,
                                         .parallel_threads = 4,
                                         .flags = CRYPT_PBKDF_NO_BENCHMARK};
  struct crypt_params_luks2 luks = {.pbkdf = &costs, .sector_size = 512};
  int r = crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", NULL, NULL, 64, &luks);
  if (r == 0) r = crypt_set_pbkdf_type(cd, &costs);
  if (r == 0)
    r = crypt_keyslot_add_by_volume_key(cd, 0, NULL, 64, passphrase, sizeof passphrase - 1);
  return r;
}

static int measure(struct crypt_device* cd) {
  struct timespec began, ended;
  int r = crypt_load(cd, CRYPT_LUKS2, NULL);
  if (r < 0) return r;
  clock_gettime(CLOCK_MONOTONIC, &began);
  r = crypt_activate_by_passphrase(cd, NULL, 0, passphrase, sizeof passphrase - 1, 0);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  if (r >= 0)
    printf("%lld\n", (ended.tv_sec - began.tv_sec) * 1000000LL +
                         (ended.tv_nsec - began.tv_nsec) / 1000);
  return r;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  struct crypt_device* cd = NULL;
  int r = crypt_init(&cd, argv[2]);
  if (r == 0) r = strcmp(argv[1], "make") == 0 ? make(cd) : measure(cd);
  crypt_free(cd);
  if (r < 0) fprintf(stderr, "derive: error: '%s': %s\n", argv[2], strerror(-r));
  return r < 0;
}
