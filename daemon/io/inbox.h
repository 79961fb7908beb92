#ifndef VIGIE_IO_INBOX_H
#define VIGIE_IO_INBOX_H

/*
 * inbox: how the loop hands work to another thread, and gets it back, without ever waiting for
 * that thread. A mutex would do so when its holder is out of the processor, and
 * pthread_cond_signal() too (glibc 2.36, __condvar_quiesce_and_switch_g1, waits for a waiter
 * that was woken but did not run yet): a loaded machine made that hundreds of milliseconds.
 * So: a list that grows at its head by compare-and-swap and is taken as a whole (R. K. Treiber,
 * "Systems Programming: Coping with Parallelism", IBM RJ 5118, 1986; taken whole there is no
 * ABA), and beside it a semaphore or an eventfd, whose posts wait for nobody.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* First member of whatever is handed over. */
struct inbox_link {
	struct inbox_link *next;
};

/* { 0 } is empty. */
struct inbox {
	_Atomic(struct inbox_link *) newest;
};

/* Any thread. True: it was empty, so the taker may have to be woken. */
static inline bool inbox_put(struct inbox *in, struct inbox_link *link)
{
	struct inbox_link *newest = atomic_load_explicit(&in->newest, memory_order_relaxed);

	do
		link->next = newest;
	while (!atomic_compare_exchange_weak_explicit(
	        &in->newest, &newest, link, memory_order_release, memory_order_relaxed));
	return !newest;
}

/* Any thread. All that is there, oldest first; NULL: nothing. */
static inline struct inbox_link *inbox_take(struct inbox *in)
{
	struct inbox_link *left =
	        atomic_exchange_explicit(&in->newest, NULL, memory_order_acquire);
	struct inbox_link *list = NULL;

	while (left) {
		struct inbox_link *next = left->next;

		left->next = list;
		list = left;
		left = next;
	}
	return list;
}

#endif
