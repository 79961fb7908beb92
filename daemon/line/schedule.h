#ifndef VIGIE_LINE_SCHEDULE_H
#define VIGIE_LINE_SCHEDULE_H

/*
 * schedule: which source is next. Entries wait in a 4-ary heap by due time; those that are due
 * wait in line before the gate of their host, which opens when fewer than `concurrency` of its
 * requests are under way and `spacing_ms` have passed since the last one began; hosts wait in a
 * second heap by the time their gate opens. Each operation is O(log n). Equal due times are
 * taken in random order, so that no host sees the alphabet. A pure structure: it reads no
 * clock, and a seed decides every choice.
 *
 * An entry is idle (has a due time), waiting (was due, is before its host's gate), busy (handed
 * out) or parked (has no due time).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule;

struct schedule_options {
	unsigned concurrency; /* per host; 0: 1 */
	int64_t spacing_ms;   /* 0: none */
	uint64_t seed;
};

enum { SCHEDULE_NEVER = -1, SCHEDULE_NO_HOST = 0 };

/* 0 or -ENOMEM. */
int schedule_new(struct schedule **ret, const struct schedule_options *options);
struct schedule *schedule_free(struct schedule *schedule);

/* A new entry, parked. Its number is small: freed numbers are used again. `host` is any number
 * that stands for a host (its hash); SCHEDULE_NO_HOST has no gate. 0 or -ENOMEM. */
int schedule_add(struct schedule *schedule, uint32_t *ret_entry, uint64_t host);
/* In any state; a busy entry frees its place at the host. */
void schedule_remove(struct schedule *schedule, uint32_t entry);

/* Due at `due_ms`, whatever it was before; a busy entry that was not released frees its place
 * at the host. Never fails: room was made by schedule_add(). */
void schedule_set(struct schedule *schedule, uint32_t entry, int64_t due_ms);
void schedule_park(struct schedule *schedule, uint32_t entry);

/* Hands out an entry that may be asked now; it is busy then. false: none. */
bool schedule_next(struct schedule *schedule, int64_t now_ms, uint32_t *ret_entry);
/* The request of a busy entry has ended: its host has a place again. It stays busy. */
void schedule_release(struct schedule *schedule, uint32_t entry);

/* The entry's host gets no request before `until_ms`. A later earlier one doesn't shorten it.
 */
void schedule_hold(struct schedule *schedule, uint32_t entry, int64_t until_ms);

/* Its host wants so much between two requests: the larger of this and options.spacing_ms
 * counts, from the next request on, until it is said anew or nobody stands at the gate any
 * more. */
void schedule_space(struct schedule *schedule, uint32_t entry, int64_t spacing_ms);

/* When schedule_next() may have something, 0 for at once, SCHEDULE_NEVER when nothing waits for
 * time alone. May be early, never late. */
int64_t schedule_wait(const struct schedule *schedule, int64_t now_ms);

/* When an idle entry is due; SCHEDULE_NEVER for a busy or parked one. */
int64_t schedule_due(const struct schedule *schedule, uint32_t entry);
bool schedule_is_busy(const struct schedule *schedule, uint32_t entry);
/* How many entries stand at the same gate, this one included. */
uint32_t schedule_company(const struct schedule *schedule, uint32_t entry);

/* Uniform in [0, below); below > 0. The same seed gives the same numbers. */
uint64_t schedule_random(struct schedule *schedule, uint64_t below);

#endif
