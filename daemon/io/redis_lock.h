#ifndef VIGIE_IO_REDIS_LOCK_H
#define VIGIE_IO_REDIS_LOCK_H

/*
 * redis_lock: the lock that keeps two Redis servers out of one folder. It is a flock(2) on an
 * open file that the server inherits, so it is held as long as daemon or server lives. Its text
 * says who: "DAEMON SERVER\n", process numbers; a number counts only while that process really
 * has the file open, which a number used again by somebody else has not.
 */

#include <stdbool.h>
#include <sys/types.h>

enum { REDIS_LOCK_HELD = 1 };

int redis_lock_open(int *ret_fd, const char *path); /* 0 or -errno; close-on-exec */
int redis_lock_try(int fd);                         /* 0: ours now; REDIS_LOCK_HELD; -errno */
void redis_lock_write(int fd, pid_t daemon, pid_t server);
/* Who wrote it last and still has it open; 0 for those that don't. */
void redis_lock_holders(int fd, pid_t *ret_daemon, pid_t *ret_server);
/* Signals a holder, safely against a process number used again. 0 or -errno (-ESRCH). */
int redis_lock_signal(int fd, pid_t holder, int signal);

#endif
