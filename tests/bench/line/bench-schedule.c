/*
 * What the schedule costs as sources grow: CPU time and, where the kernel counts them,
 * instructions of each operation at 1,000 to 1,000,000 sources, and how that grows each time
 * there are ten times as many. O(log n) adds as much each time; O(n) would be ten times as
 * much.
 *
 *     bench-schedule [SOURCES…]
 *
 * Where nothing counts instructions, valgrind does: --tool=callgrind, with one size.
 */

#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "line/schedule.h"

enum { OPERATIONS = 400000, PER_HOST = 3, PERIOD_MS = 900000 };

static int counter = -1;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench-schedule: %s\n", what);
	exit(1);
}

static void open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	counter = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

struct cost {
	double ns, instructions;
};

static struct cost cost_now(void)
{
	struct cost c = {0};
	struct timespec t;
	uint64_t n = 0;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	c.ns = (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
	if (counter >= 0 && read(counter, &n, sizeof(n)) == sizeof(n))
		c.instructions = (double)n;
	return c;
}

static struct cost cost_since(struct cost then, size_t operations)
{
	struct cost c = cost_now();

	c.ns = (c.ns - then.ns) / (double)operations;
	c.instructions = (c.instructions - then.instructions) / (double)operations;
	return c;
}

enum { ADD, TURN, MOVE, LOOK, REMOVE, KINDS };
static const char *const names[KINDS] = {
	[ADD] = "added and given a time",
	[TURN] = "handed out, released, due again",
	[MOVE] = "due at another time",
	[LOOK] = "asked how long to wait",
	[REMOVE] = "removed",
};

static void measure(struct cost *ret, size_t n)
{
	uint32_t *entries = calloc(n, sizeof(*entries)), entry;
	struct schedule *s;
	struct cost began;
	int64_t now = 0, sum = 0;

	need(entries && schedule_new(&s, &(struct schedule_options){2, 1, 1}) == 0, "memory");
	began = cost_now();
	for (size_t i = 0; i < n; i++) {
		need(schedule_add(s, &entries[i], 1 + i / PER_HOST) == 0, "schedule_add");
		schedule_set(s, entries[i], (int64_t)schedule_random(s, PERIOD_MS));
	}
	ret[ADD] = cost_since(began, n);
	/* The clock jumps to where something is due, as the loop's timer would. */
	began = cost_now();
	for (size_t i = 0; i < OPERATIONS; i++) {
		while (!schedule_next(s, now, &entry))
			now += schedule_wait(s, now);
		schedule_release(s, entry);
		schedule_set(s, entry,
			now + PERIOD_MS - 100000 + (int64_t)schedule_random(s, 200000));
	}
	ret[TURN] = cost_since(began, OPERATIONS);
	began = cost_now();
	for (size_t i = 0; i < OPERATIONS; i++)
		schedule_set(s, entries[schedule_random(s, n)],
			now + (int64_t)schedule_random(s, PERIOD_MS));
	ret[MOVE] = cost_since(began, OPERATIONS);
	began = cost_now();
	for (size_t i = 0; i < OPERATIONS; i++)
		sum += schedule_wait(s, now);
	ret[LOOK] = cost_since(began, OPERATIONS);
	need(sum >= 0, "nothing waits");
	began = cost_now();
	for (size_t i = 0; i < n; i++)
		schedule_remove(s, entries[i]);
	ret[REMOVE] = cost_since(began, n);
	(void)schedule_free(s);
	free(entries);
}

int main(int argc, char **argv)
{
	static const size_t usual[] = {1000, 10000, 100000, 1000000};
	size_t sizes[8], n_sizes = 0;
	struct cost costs[8][KINDS];

	for (int i = 1; i < argc && n_sizes < 8; i++)
		sizes[n_sizes++] = strtoul(argv[i], NULL, 10);
	if (!n_sizes) {
		memcpy(sizes, usual, sizeof(usual));
		n_sizes = sizeof(usual) / sizeof(usual[0]);
	}
	open_counter();
	for (size_t i = 0; i < n_sizes; i++) {
		need(sizes[i] > 0, "no sources");
		measure(costs[i], sizes[i]);
	}
	(void)printf("one operation, at so many sources%s\n",
		counter < 0 ? " (nothing here counts instructions)" : "");
	(void)printf("%-32s", "");
	for (size_t i = 0; i < n_sizes; i++)
		(void)printf("%18zu", sizes[i]);
	(void)printf("\n");
	for (int k = 0; k < KINDS; k++) {
		(void)printf("%-32s", names[k]);
		for (size_t i = 0; i < n_sizes; i++)
			(void)printf("%8.0f ns %6.2fx", costs[i][k].ns,
				i ? costs[i][k].ns / costs[i - 1][k].ns : 1.0);
		(void)printf("\n");
		if (counter < 0)
			continue;
		(void)printf("%-32s", "  instructions");
		for (size_t i = 0; i < n_sizes; i++)
			(void)printf("%11.0f %5.2fx", costs[i][k].instructions,
				i ? costs[i][k].instructions / costs[i - 1][k].instructions
				  : 1.0);
		(void)printf("\n");
	}
	return 0;
}
