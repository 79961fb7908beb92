/*
 * heap: a few words to glibc's malloc, and a timer. Nobody else needs to know.
 */

#include "io/heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "io/log.h"
#include "vigie/cleanup.h"

enum {
	/* glibc makes an arena a thread, each with holes of its own. Batches begin on the
	 * loop's thread, grow on the pool's, and die on the loop's again. */
	ARENAS = 1,
	/* Blocks of a batch's arena (ARENA_BLOCK_MAX) come from the heap and go back to it,
	 * instead of being mapped, cleared and unmapped for each document. */
	MAPPED_BYTES = 1024 * 1024,
	/* Free memory at the heap's end is kept up to here: in a busy minute each document
	 * would else take pages from the kernel and give them back. */
	KEPT_BYTES = 8 * 1024 * 1024,
	LOOK_MS = 10 * 1000,
	/* Free memory below this isn't worth the search for whole pages in it. */
	WORTH_BYTES = 8 * 1024 * 1024,
};

struct heap {
	struct timer *look;
};

DEFINE_CLEANUP(struct heap *, heap_free)

static void on_look(void *arg)
{
	struct heap *h = arg;
	const struct mallinfo2 info = mallinfo2();

	if (info.fordblks + info.fsmblks > WORTH_BYTES)
		(void)malloc_trim(0);
	(void)timer_set(h->look, LOOK_MS);
}

int heap_new(struct heap **ret, struct loop *loop)
{
	CLEANUP(heap_freep) struct heap *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	(void)mallopt(M_ARENA_MAX, ARENAS);
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	r = timer_new(&h->look, loop, on_look, h);
	if (r >= 0)
		r = timer_set(h->look, LOOK_MS);
	if (r < 0)
		return r;
	*ret = TAKE(h);
	return 0;
}

struct heap *heap_free(struct heap *heap)
{
	if (!heap)
		return NULL;
	heap->look = timer_free(heap->look);
	free(heap);
	return NULL;
}
