/*
 * redis_lock: one server a folder; who holds it is read from /proc.
 */

#include "io/redis_lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

int redis_lock_open(int *ret_fd, const char *path)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int redis_lock_try(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK || errno == EINTR ? REDIS_LOCK_HELD : -errno;
}

void redis_lock_write(int fd, pid_t daemon, pid_t server)
{
	char text[64];
	const int n = snprintf(text, sizeof(text), "%d %d\n", (int)daemon, (int)server);

	/* Only a hint for the next daemon: it waits without it, too. */
	if (pwrite(fd, text, (size_t)n, 0) == n)
		(void)!ftruncate(fd, n);
}

static bool has_open(pid_t pid, const struct stat *lock)
{
	char path[64 + sizeof(((struct dirent *)NULL)->d_name)];
	struct dirent *entry;
	struct stat st;
	bool found = false;
	DIR *folder;

	if (pid <= 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder)
		return false;
	while (!found && (entry = readdir(folder))) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		found = stat(path, &st) == 0 && st.st_dev == lock->st_dev &&
			st.st_ino == lock->st_ino;
	}
	(void)closedir(folder);
	return found;
}

void redis_lock_holders(int fd, pid_t *ret_daemon, pid_t *ret_server)
{
	char text[64] = "";
	int daemon = 0, server = 0;
	struct stat st;

	*ret_daemon = *ret_server = 0;
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 || fstat(fd, &st) < 0)
		return;
	if (sscanf(text, "%d %d", &daemon, &server) != 2)
		return;
	*ret_daemon = has_open(daemon, &st) ? daemon : 0;
	*ret_server = has_open(server, &st) ? server : 0;
}

int redis_lock_signal(int fd, pid_t holder, int signal_number)
{
	const int pidfd = pidfd_open(holder, 0);
	struct stat st;
	int r = -ESRCH;

	if (pidfd < 0)
		return -errno;
	/* Asked behind pidfd_open(): from there on the number cannot change its meaning. */
	if (fstat(fd, &st) == 0 && has_open(holder, &st))
		r = pidfd_send_signal(pidfd, signal_number, NULL, 0) < 0 ? -errno : 0;
	(void)close(pidfd);
	return r;
}
