#ifndef VIGIE_SOURCES_ROBOTS_H
#define VIGIE_SOURCES_ROBOTS_H

/*
 * robots: what a site's /robots.txt lets us ask for (RFC 9309, the Robots Exclusion Protocol).
 * Feeds are published for programs and are not asked about; pages and forums are. It fetches
 * nothing, and when to fetch the file anew (a day at most, section 2.4) is the caller's affair.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vigie/arena.h"
#include "vigie/span.h"

/* What is read of a file: section 2.5 asks for 500 KiB at least. */
enum { ROBOTS_MAX_BYTES = 512 * 1024 };

struct robots_rule {
	struct span pattern; /* as robots_normal() writes it; '*' stands for anything */
	unsigned line;       /* of the file, from 1 */
	bool allow;
	bool to_the_end; /* the pattern ended in '$' */
};

struct robots {
	struct robots_rule *rules; /* in the arena */
	size_t n_rules;
	int64_t delay_ms; /* Crawl-delay, which no standard has but many sites: -1 when absent
			   */
	const struct span *sitemaps; /* as written */
	size_t n_sitemaps;
};

enum robots_fetch {
	ROBOTS_READ,    /* read the body */
	ROBOTS_ALL,     /* no such file: everything is allowed */
	ROBOTS_NOTHING, /* the site is out of order: nothing is, for now */
};

/* What an answer's status means (section 2.3.1). 0: no answer. */
enum robots_fetch robots_status(int status);

/* The rules for us: those of all groups that name `product` (letters, "_" and "-"; case aside),
 * else those of "*", else none. The body may hold anything. 0 or -ENOMEM. */
int robots_read(struct robots *ret, struct arena *arena, struct span body, struct span product);

/* May this be asked for? path is what follows the host, with the query ("/a/b?c"). The longest
 * pattern that fits wins, allowing wins over disallowing; /robots.txt itself is always allowed.
 * *ret_line is that of the rule that decided, 0 when none did. Costs about the length of the
 * rules plus that of the path for each. */
bool robots_allows(
	unsigned *ret_line, const struct robots *robots, struct arena *arena, struct span path);

#endif
