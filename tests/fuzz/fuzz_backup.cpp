// SPDX-License-Identifier: GPL-3.0-or-later
// The head of a backup and its manifest: the input is both at once, in a file as large
// as its head says.
#include "core/keys/backup_format.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  judge(parse_backup_head(text, text.size()));
  const BackupHead head{1UL << 20U, text.size(), ""};
  const auto manifest = parse_backup_manifest(text, head);
  judge(manifest);
  if (!manifest) return;
  for (const BackupPart& part : manifest->parts)
    must(part.offset >= backup_head_size && part.offset + part.size <= head.manifest_offset);
  must(manifest->keys().size != 0);
}
