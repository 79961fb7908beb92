#ifndef VIGIE_CLEANUP_H
#define VIGIE_CLEANUP_H

/*
 * Scope-bound cleanup. CLEANUP(f) runs f(&variable) when the variable leaves its scope; TAKE(x)
 * yields x and leaves NULL behind, so that the cleanup has nothing left to do.
 * DEFINE_CLEANUP(struct foo *, foo_free) defines foo_freep() for use with CLEANUP.
 */

#include <stdlib.h>

#define CLEANUP(f) __attribute__((cleanup(f)))

#define TAKE(x)                                                                                \
	__extension__({                                                                        \
		__typeof__(x) take_ = (x);                                                     \
		(x) = NULL;                                                                    \
		take_;                                                                         \
	})

#define DEFINE_CLEANUP(type, func)                                                             \
	static inline void func##p(type *p)                                                    \
	{                                                                                      \
		if (*p)                                                                        \
			(void)func(*p);                                                        \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

#endif
