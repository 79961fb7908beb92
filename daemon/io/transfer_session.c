/*
 * transfer_session: a hash table that keeps the order in which its entries came.
 */

#include "io/transfer_session.h"

#include <errno.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum {
	MOST = 4096,
	MOST_BYTES = 8 << 20,
	AGE_MS = 24 * 60 * 60 * 1000,
};

struct session {
	UT_hash_handle hh; /* in uthash's order of insertion: oldest first */
	struct mono born;
	size_t key_n, n;
	char bytes[]; /* key, session */
};

struct sessions {
	struct session *all;
	size_t most, most_bytes;
	struct sessions_stats stats;
};

int sessions_new(struct sessions **ret, size_t most, size_t most_bytes)
{
	struct sessions *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->most = most ? most : MOST;
	s->most_bytes = most_bytes ? most_bytes : MOST_BYTES;
	*ret = s;
	return 0;
}

static size_t size_of(const struct session *one)
{
	return sizeof(*one) + one->key_n + one->n;
}

static void forget(struct sessions *s, struct session *one)
{
	HASH_DEL(s->all, one);
	s->stats.n--;
	s->stats.bytes -= size_of(one);
	free(one);
}

struct sessions *sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return NULL;
	while (sessions->all)
		forget(sessions, sessions->all);
	free(sessions);
	return NULL;
}

static struct session *find(struct sessions *s, struct span key)
{
	struct session *one = NULL;

	HASH_FIND(hh, s->all, key.p, key.n, one);
	return one;
}

void sessions_put(
	struct sessions *sessions, struct span key, struct span session, struct mono born)
{
	struct sessions *s = sessions;
	struct session *one = find(s, key);

	if (one)
		forget(s, one);
	if (!key.n || !session.n || sizeof(*one) + key.n + session.n > s->most_bytes)
		return;
	one = calloc(1, sizeof(*one) + key.n + session.n);
	if (!one)
		return;
	one->born = born;
	one->key_n = key.n;
	one->n = session.n;
	memcpy(one->bytes, key.p, key.n);
	memcpy(one->bytes + key.n, session.p, session.n);
	while (s->all &&
		(s->stats.n >= s->most || s->stats.bytes + size_of(one) > s->most_bytes)) {
		forget(s, s->all);
		s->stats.evicted++;
	}
	HASH_ADD_KEYPTR(hh, s->all, one->bytes, one->key_n, one);
	if (!one->hh.tbl) {
		free(one);
		return;
	}
	s->stats.n++;
	s->stats.bytes += size_of(one);
}

bool sessions_take(struct buf *ret, struct mono *ret_born, struct sessions *sessions,
	struct span key, struct mono now)
{
	struct session *one = find(sessions, key);
	bool young;

	if (!one)
		return false;
	*ret_born = one->born;
	young = now.ms - one->born.ms < AGE_MS;
	if (young)
		buf_add(ret, span_of(one->bytes + one->key_n, one->n));
	forget(sessions, one);
	return young && !ret->failed;
}

const struct sessions_stats *sessions_stats(const struct sessions *sessions)
{
	return &sessions->stats;
}
