#ifndef VIGIE_IO_ZONE_FILE_H
#define VIGIE_IO_ZONE_FILE_H

/*
 * zone_file: time zones by the names of the zone database ("Europe/Paris"), from the files of
 * this machine (Debian's package tzdata, or $TZDIR). Blocking; for configuration and commands.
 */

#include "vigie/zone.h"

/* In the arena. "UTC" is NULL, and needs no file. 0; -EINVAL: the name is none (a path out of the
 * database is none either); -ENOENT: there is no such zone here; -EBADMSG; -ENOMEM; -errno. */
int zone_file_read(struct zone **ret, struct arena *arena, struct span name);

/* What such a result means, for people, with the remedy. */
const char *zone_file_why(int result);

#endif
