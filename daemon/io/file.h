#ifndef VIGIE_IO_FILE_H
#define VIGIE_IO_FILE_H

/*
 * file: small files, whole: read with a bound, written so that a reader (or a crash) sees the
 * old bytes or the new ones and nothing between. Blocking: for files of the state folder and
 * for those an operator names, not for the network's.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vigie/buf.h"
#include "vigie/instant.h"

enum file_flags {
	FILE_NOFOLLOW = 1, /* the last part of the path may not be a link: -ELOOP */
	FILE_PRIVATE = 2,  /* nobody but its owner may read or write it: -EPERM */
};

struct file_info {
	bool is_folder; /* else a regular file; anything else is -EINVAL */
	int64_t size;
	int64_t modified_ns; /* since 1970 */
	int64_t changed_ns;  /* of the inode: moves on rename and on link too, can't be set back
			      */
};

/* 0 or -errno; links are followed. */
int file_info(struct file_info *ret, const char *path);

/* Appends the whole file to out. 0, -EFBIG above `limit` bytes (out then holds the first
 * `limit` of them), -EINVAL for what is no regular file, -ENOMEM, -errno. Never waits for a
 * FIFO. */
int file_read(struct buf *out, const char *path, size_t limit, unsigned flags);

/* Of the regular files in a folder (dot files aside), the one whose inode changed first after
 * (changed_ns, name), ties by name: a walk through a folder that can be left at any file and
 * taken up again. Appends its name. *ret_more: there are others behind it. 0, -ENOENT when
 * there is none, -errno. */
int file_next(struct buf *ret_name, struct file_info *ret, bool *ret_more, const char *folder,
	int64_t changed_ns, struct span name);

/* Replaces the file: a temporary one beside it, synced, then renamed over it. 0 or -errno. */
int file_write(const char *path, struct span bytes, mode_t mode);

/* The same, but an existing file stays as it is: -EEXIST. */
int file_create(const char *path, struct span bytes, mode_t mode);

/* A lock on byte `at` of a file, which is made (0600) when it isn't there: of the open file
 * description (fcntl(2)), so it is gone with the descriptor that is returned, and with its
 * process. -EAGAIN: another one has it, unless `wait`; -errno. */
int file_lock(const char *path, uint32_t at, bool wait);

#endif
