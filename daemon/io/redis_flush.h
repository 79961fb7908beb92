#ifndef VIGIE_IO_REDIS_FLUSH_H
#define VIGIE_IO_REDIS_FLUSH_H

/*
 * redis_flush: puts the private Redis' append-only files on the disk once a second, from a
 * thread of its own (any process may fsync a file). Why not Redis itself: see
 * io/redis_server.h.
 */

struct redis_flush;

/* folder: Redis' `dir`; copied. 0 or -errno. */
int redis_flush_new(struct redis_flush **ret, const char *folder);
/* Waits for a flush that is running. NULL is nothing; returns NULL. */
struct redis_flush *redis_flush_free(struct redis_flush *flush);

#endif
