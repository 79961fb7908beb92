#ifndef BENCH_RULES_MATERIAL_H
#define BENCH_RULES_MATERIAL_H

/*
 * material: what the benchmarks of rules work on: posts and rule sets, generated, or read from
 * files that are named on the command line.
 */

#include "vigie/arena.h"
#include "vigie/buf.h"
#include "vigie/item.h"

struct posts {
	struct arena arena;
	struct item *items;
	size_t n, capacity;
	size_t bytes; /* of title and text */
};

/* Posts as people write them, French and English: words by their rank (Zipf), short and long,
 * with tags, handles, addresses and now and then one of the names. */
void posts_generate(struct posts *ret, size_t n);

/* JSON lines with title and text. Ends the program when it can't. */
void posts_read(struct posts *ret, const char *path);
void posts_release(struct posts *posts);

/* n rules on brand names, in the manner of people who watch many: names, handles, tags,
 * contexts with AND, NEAR, OF and NOT, here and there a regex. As YAML, appended to out. */
void rules_generate(struct buf *out, size_t n);

/* A whole file. Ends the program when it can't. */
void file_read_all(struct buf *out, const char *path);

#endif
