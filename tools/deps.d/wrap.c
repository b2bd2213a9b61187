/* SPDX-License-Identifier: GPL-3.0-or-later
 * User and group lookups: even a static glibc serves them through shared
 * libraries (NSS) of the machine it runs on, which in early boot are absent or,
 * worse, of another version. libmount, libblkid and libgcrypt contain such
 * calls; the link sends them here (--wrap, see finish.sh), where they find
 * nothing. So mount options take only numeric uid= and gid=. What no library
 * calls is left out on purpose: a new call of that kind must fail the link. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#define NOT_FOUND(type, call)  \
  type *__wrap_##call;         \
  type *__wrap_##call {        \
    (void)key;                 \
    errno = ENOENT;            \
    return NULL;               \
  }
#define NOT_FOUND_R(type, name, key_type)                                   \
  int __wrap_##name(key_type key, type *entry, char *buffer, size_t length, \
                    type **found);                                          \
  int __wrap_##name(key_type key, type *entry, char *buffer, size_t length, \
                    type **found) {                                         \
    (void)key;                                                              \
    (void)entry;                                                            \
    (void)buffer;                                                           \
    (void)length;                                                           \
    *found = NULL;                                                          \
    return 0;                                                               \
  }

NOT_FOUND(struct passwd, getpwnam(const char *key))
NOT_FOUND(struct passwd, getpwuid(uid_t key))
NOT_FOUND_R(struct passwd, getpwnam_r, const char *)
NOT_FOUND_R(struct passwd, getpwuid_r, uid_t)
NOT_FOUND_R(struct group, getgrnam_r, const char *)
