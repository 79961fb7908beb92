#ifndef VIGIE_REPORTING_H
#define VIGIE_REPORTING_H

/*
 * reporting: a report from an archive: joins the pure report/ to the archive and to the zone
 * files. Any thread; reads by a connection of its own.
 */

#include "report/paper.h"
#include "vigie/arena.h"

struct reporting_ask {
	const char *archive; /* its file */
	const char *period;  /* day, week, month: the last whole one before now; or
				2026-01-05..2026-01-12 */
	const char *tz;      /* UTC, Europe/Paris */
	const char *lang;    /* en, fr */
	struct wall now;
	struct arena *arena; /* for the title and why */
};

/* What is NULL is not made. */
struct reporting_out {
	struct buf *markdown, *html, *json;
	struct buf *brief; /* a few lines */
	struct span title;
	struct wall from, until;
};

/* 0; -EINVAL: the period or the zone is wrong; -errno. *ret_why is for people. */
int reporting_make(
	struct reporting_out *out, const struct reporting_ask *ask, struct span *ret_why);

#endif
