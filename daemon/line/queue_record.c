/*
 * queue_record: commits and states, to bytes and back.
 */

#include "line/queue_record.h"

#include <errno.h>
#include <inttypes.h>

#include "line/codec_hit.h"
#include "line/identity.h"

enum pair_type { PAIR_TEXT, PAIR_INSTANT, PAIR_COUNT };

/* The names are those of the hash in Redis, for ever. */
static const struct {
	const char *name;
	size_t offset;
	enum pair_type type;
	bool validator;
} fields[] = {
	{"etag", offsetof(struct source_state, etag), PAIR_TEXT, true},
	{"last_modified", offsetof(struct source_state, last_modified), PAIR_TEXT, true},
	{"cursor", offsetof(struct source_state, cursor), PAIR_TEXT, true},
	{"url_moved", offsetof(struct source_state, url_moved), PAIR_TEXT, false},
	{"ns", offsetof(struct source_state, ns), PAIR_TEXT, false},
	{"first_contact", offsetof(struct source_state, first_contact), PAIR_INSTANT, false},
	{"last_read", offsetof(struct source_state, last_read), PAIR_INSTANT, false},
	{"last_try", offsetof(struct source_state, last_try), PAIR_INSTANT, false},
	{"next_due", offsetof(struct source_state, next_due), PAIR_INSTANT, false},
	{"failures", offsetof(struct source_state, failures), PAIR_COUNT, false},
	{"reads", offsetof(struct source_state, reads), PAIR_COUNT, false},
	{"items", offsetof(struct source_state, items), PAIR_COUNT, false},
	{"hits", offsetof(struct source_state, hits), PAIR_COUNT, false},
	{"error", offsetof(struct source_state, error), PAIR_TEXT, false},
	{"mark", offsetof(struct source_state, mark), PAIR_TEXT, false},
	{"undated", offsetof(struct source_state, undated), PAIR_TEXT, false},
	{"memo", offsetof(struct source_state, memo), PAIR_TEXT, false},
};
enum { FIELDS = sizeof(fields) / sizeof(*fields) };

/* --- States ----------------------------------------------------------------------------------
 */

static int64_t *number_at(struct source_state *state, size_t i)
{
	char *p = (char *)state + fields[i].offset;

	return fields[i].type == PAIR_INSTANT ? &((struct wall *)(void *)p)->ms
					      : (int64_t *)(void *)p;
}

static struct span *text_at(struct source_state *state, size_t i)
{
	return (struct span *)(void *)((char *)state + fields[i].offset);
}

static int64_t parse_number(struct span s, int64_t otherwise)
{
	char text[24], *end;
	long long value;

	if (s.n == 0 || s.n >= sizeof(text))
		return otherwise;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	errno = 0;
	value = strtoll(text, &end, 10);
	return *end || errno ? otherwise : value;
}

struct source_state queue_state_of(const struct queue_pair *pairs, size_t n)
{
	struct source_state state = {0};

	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].type == PAIR_INSTANT)
			*number_at(&state, i) = WALL_NONE.ms;
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < FIELDS; i++) {
			if (!span_eq_str(pairs[k].name, fields[i].name))
				continue;
			if (fields[i].type == PAIR_TEXT)
				*text_at(&state, i) = pairs[k].value;
			else
				*number_at(&state, i) =
					parse_number(pairs[k].value, *number_at(&state, i));
		}
	}
	return state;
}

static bool is_validator(struct span name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].validator && span_eq_str(name, fields[i].name))
			return true;
	return false;
}

void queue_record_strip(struct queue_record *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < record->n_pairs; i++)
		if (!is_validator(record->pairs[i].name))
			record->pairs[kept++] = record->pairs[i];
	record->n_pairs = kept;
}

void queue_state_strip(struct source_state *state)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].validator)
			*text_at(state, i) = SPAN_NONE;
}

static int pairs_of(struct queue_record *record, struct arena *arena, const struct batch *batch)
{
	struct queue_pair *pairs = arena_calloc(arena, FIELDS, sizeof(*pairs));
	struct source_state state = batch->state;

	if (!pairs)
		return -ENOMEM;
	record->pairs = pairs;
	for (size_t i = 0; i < FIELDS; i++) {
		struct span value;

		if (fields[i].type == PAIR_TEXT)
			value = *text_at(&state, i);
		else if (*number_at(&state, i) == WALL_NONE.ms)
			value = SPAN_NONE;
		else
			value = arena_printf(arena, "%" PRId64, *number_at(&state, i));
		if (fields[i].type == PAIR_COUNT && !value.p)
			return -ENOMEM;
		if (span_empty(value))
			continue;
		pairs[record->n_pairs++] = (struct queue_pair){span_str(fields[i].name), value};
	}
	return 0;
}

/* --- Hits ------------------------------------------------------------------------------------
 */

static size_t slot_of(const struct item_key *key, size_t mask)
{
	size_t h;

	memcpy(&h, key->b, sizeof(h)); /* bytes of an HMAC: evenly spread */
	return h & mask;
}

/* One that comes twice in a document would be an update of itself at every read. */
static bool first_of_its_key(const struct hit **slots, size_t mask, const struct hit *hit)
{
	size_t at = slot_of(&hit->key, mask);

	for (; slots[at]; at = (at + 1) & mask)
		if (memcmp(slots[at]->key.b, hit->key.b, ITEM_KEY_BYTES) == 0)
			return false;
	slots[at] = hit;
	return true;
}

/* Encoded, or copied, into the arena. */
static int put_hit(struct queue_record_hit *out, struct arena *arena,
	const struct item_key *key, struct span hash, struct span bytes)
{
	*out = (struct queue_record_hit){
		.key = span_of((const char *)key->b, ITEM_KEY_BYTES),
		.hash = arena_dup(arena, hash),
		.bytes = arena_dup(arena, bytes),
	};
	return out->hash.p && out->bytes.p ? 0 : -ENOMEM;
}

/* Aliases, then tombstones, behind the hits they may speak of. */
static int others_of(struct queue_record *record, struct queue_record_hit *hits,
	struct arena *arena, const struct batch *batch, struct buf *bytes)
{
	int r = 0;

	for (size_t i = 0; i < batch->n_aliases && !r; i++)
		r = put_hit(&hits[record->n_hits++], arena, &batch->aliases[i].alias,
			QUEUE_HASH_ALIAS,
			span_of((const char *)batch->aliases[i].item.b, ITEM_KEY_BYTES));
	for (size_t i = 0; i < batch->n_tombstones && !r; i++) {
		const struct hit hit = {
			.key = batch->tombstones[i],
			.update = true,
			.silent = true,
			.deleted = true,
			.fetched = batch->fetched,
			.source = batch->source->id,
			.source_kind = batch->source->kind,
			.item = item_empty(),
		};

		buf_clear(bytes);
		hit_encode(bytes, &hit);
		r = bytes->failed
			    ? -ENOMEM
			    : put_hit(&hits[record->n_hits++], arena, &batch->tombstones[i],
				      QUEUE_HASH_TOMBSTONE, buf_span(bytes));
	}
	return r;
}

static int hits_of(struct queue_record *record, struct arena *arena, const struct batch *batch)
{
	struct queue_record_hit *hits = arena_calloc(
		arena, batch->n_hits + batch->n_aliases + batch->n_tombstones, sizeof(*hits));
	size_t size = 8;
	const struct hit **slots;
	struct buf bytes = {0};
	int r = 0;

	while (size < batch->n_hits * 2)
		size *= 2;
	slots = arena_calloc(arena, size, sizeof(*slots));
	if (!hits || !slots)
		return -ENOMEM;
	record->hits = hits;
	for (size_t i = 0; i < batch->n_hits && !r; i++) {
		const struct hit *hit = &batch->hits[i];
		char hash[QUEUE_HASH_BYTES];

		if (!first_of_its_key(slots, size - 1, hit))
			continue;
		for (int k = 0; k < QUEUE_HASH_BYTES; k++)
			hash[k] = (char)(hit->content_hash >> (56 - 8 * k));
		buf_clear(&bytes);
		hit_encode(&bytes, hit);
		r = bytes.failed ? -ENOMEM
				 : put_hit(&hits[record->n_hits++], arena, &hit->key,
					   span_of(hash, sizeof(hash)), buf_span(&bytes));
	}
	if (!r)
		r = others_of(record, hits, arena, batch, &bytes);
	buf_deinit(&bytes);
	return r;
}

int queue_record_of(struct queue_record *ret, struct arena *arena, const struct batch *batch,
	unsigned partition)
{
	struct queue_record record = {.partition = partition, .source = batch->source->id};
	int r = pairs_of(&record, arena, batch);

	if (r == 0)
		r = hits_of(&record, arena, batch);
	if (r == 0)
		*ret = record;
	return r;
}

/* --- Bytes -----------------------------------------------------------------------------------
 */

static void put(struct buf *out, uint64_t value, int bytes)
{
	char text[8];

	for (int i = 0; i < bytes; i++)
		text[i] = (char)(value >> 8 * i);
	buf_add(out, span_of(text, (size_t)bytes));
}

static void put_span(struct buf *out, struct span s)
{
	put(out, s.n, 4);
	buf_add(out, s);
}

void queue_record_encode(struct buf *out, const struct queue_record *record)
{
	put(out, QUEUE_RECORD_VERSION, 1);
	put(out, record->partition, 1);
	put(out, record->n_pairs, 2);
	put(out, record->n_hits, 4);
	put(out, record->floor, 8);
	put_span(out, record->epoch);
	put_span(out, record->source);
	for (size_t i = 0; i < record->n_pairs; i++) {
		put_span(out, record->pairs[i].name);
		put_span(out, record->pairs[i].value);
	}
	for (size_t i = 0; i < record->n_hits; i++) {
		buf_add(out, record->hits[i].key);
		buf_add(out, record->hits[i].hash);
		put_span(out, record->hits[i].bytes);
	}
}

struct reader {
	struct span rest;
	bool failed;
};

static struct span get(struct reader *r, size_t n)
{
	const struct span s = span_slice(r->rest, 0, n);

	if (s.n < n)
		r->failed = true;
	r->rest = span_slice(r->rest, n, r->rest.n);
	return s;
}

static uint64_t get_number(struct reader *r, size_t bytes)
{
	const struct span s = get(r, bytes);
	uint64_t value = 0;

	for (size_t i = 0; i < s.n; i++)
		value |= (uint64_t)(unsigned char)s.p[i] << 8 * i;
	return value;
}

static struct span get_span(struct reader *r)
{
	return get(r, get_number(r, 4));
}

int queue_record_decode(struct queue_record *ret, struct arena *arena, struct span bytes)
{
	enum { PAIR_LEAST = 8, HIT_LEAST = ITEM_KEY_BYTES + QUEUE_HASH_BYTES + 4 };
	struct reader r = {bytes, false};
	struct queue_record record = {0};
	struct queue_record_hit *hits;
	struct queue_pair *pairs;

	if (get_number(&r, 1) != QUEUE_RECORD_VERSION)
		return -EINVAL;
	record.partition = (unsigned)get_number(&r, 1);
	record.n_pairs = get_number(&r, 2);
	record.n_hits = get_number(&r, 4);
	record.floor = get_number(&r, 8);
	record.epoch = get_span(&r);
	record.source = get_span(&r);
	/* Before memory is asked for: what is promised must fit what is there. */
	if (r.failed || record.partition >= PARTITIONS || record.n_pairs > QUEUE_PAIRS_MAX ||
		record.n_pairs * PAIR_LEAST + record.n_hits * HIT_LEAST > r.rest.n)
		return -EINVAL;
	pairs = arena_calloc(arena, record.n_pairs, sizeof(*pairs));
	hits = arena_calloc(arena, record.n_hits, sizeof(*hits));
	if (!pairs || !hits)
		return -ENOMEM;
	for (size_t i = 0; i < record.n_pairs; i++) {
		pairs[i].name = get_span(&r);
		pairs[i].value = get_span(&r);
	}
	for (size_t i = 0; i < record.n_hits; i++) {
		hits[i].key = get(&r, ITEM_KEY_BYTES);
		hits[i].hash = get(&r, QUEUE_HASH_BYTES);
		hits[i].bytes = get_span(&r);
	}
	if (r.failed || r.rest.n)
		return -EINVAL;
	record.pairs = pairs;
	record.hits = hits;
	*ret = record;
	return 0;
}

bool queue_id_parse(struct queue_id *ret, struct span text)
{
	uint64_t values[2] = {0, 0};
	size_t at = 0, digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		const unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';

		if (text.p[i] == '-' && at == 0 && digits) {
			at = 1;
			digits = 0;
			continue;
		}
		if (digit > 9 || values[at] > (UINT64_MAX - digit) / 10)
			return false;
		values[at] = values[at] * 10 + digit;
		digits++;
	}
	if (at != 1 || !digits)
		return false;
	*ret = (struct queue_id){values[0], values[1]};
	return true;
}
