#ifndef VIGIE_CLI_RULES_LOAD_H
#define VIGIE_CLI_RULES_LOAD_H

/*
 * rules_load: rule files for a command.
 */

#include "vigie/buf.h"
#include "vigie/ruleset.h"

enum { RULE_FILE_MAX = 256 * 1024 * 1024 };

/* Appends a rule file ("-": standard input). 0, or -errno after saying why on standard error.
 */
int rules_load_file(struct buf *out, const char *path);

/* Reads and compiles rule files; all mistakes of all of them are printed on standard error. 0,
 * -EINVAL, -ENOMEM, -errno. */
int rules_load(struct ruleset **ret, const char *const *paths, size_t n);

#endif
