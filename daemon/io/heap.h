#ifndef VIGIE_IO_HEAP_H
#define VIGIE_IO_HEAP_H

/*
 * heap: how the C library's heap is kept small. Documents come in bursts, and what they took
 * lies scattered between what stays: glibc gives such pages back only when it is asked to.
 */

#include "io/loop.h"

struct heap;

/* Settles the heap's ways for the whole process, and looks at it from time to time as long as
 * the returned object lives. To be called before threads are made. 0 or -ENOMEM. */
int heap_new(struct heap **ret, struct loop *loop);
struct heap *heap_free(struct heap *heap);

#endif
