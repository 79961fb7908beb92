#ifndef VIGIE_LINE_ARCHIVE_SCHEMA_H
#define VIGIE_LINE_ARCHIVE_SCHEMA_H

/*
 * archive_schema: the tables of the archive, as a list of migrations. A migration that left the
 * house is never changed: what comes later is a new one at the end.
 */

#include "line/archive_db.h"

extern const struct archive_schema archive_schema;

#endif
