/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chooses at start which build of cryptsetup's Argon2 core runs. Its vector code
 * is chosen at compile time and the baseline is SSE2, which is slower than plain
 * C; AVX2 is about 1.5 times as fast. So cryptsetup.sh compiles the one file
 * once per level and this stands where the single function was. */
#include <stdint.h>

#include "argon2.h"
#include "core.h"

typedef void segment_filler(const argon2_instance_t *, argon2_position_t);

segment_filler fill_segment_sse2, fill_segment_ssse3, fill_segment_avx2,
    fill_segment_avx512f;

static segment_filler *chosen = fill_segment_sse2;

/* A constructor, not a check at first use: Argon2's threads call at once. The
 * compiler's test includes whether the kernel saves the wide registers. */
__attribute__((constructor)) static void choose(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    chosen = fill_segment_avx512f;
  else if (__builtin_cpu_supports("avx2"))
    chosen = fill_segment_avx2;
  else if (__builtin_cpu_supports("ssse3"))
    chosen = fill_segment_ssse3;
}

void fill_segment(const argon2_instance_t *instance, argon2_position_t position) {
  chosen(instance, position);
}
