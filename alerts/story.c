#include "vigie/story.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "story_index.h"
#include "story_traits.h"
#include "vigie/cleanup.h"

const char *const story_why_names[] = {"head", "known", "address", "title", "text", "part"};

enum {
	/* Hashes of one story: its own, then addresses, titles, keys and sites of its copies.
	 */
	ENTRIES_OF_STORY = 512,
	ENTRIES_A_STORY = 32, /* on average, at most */
	CANDIDATES_MAX = 128,

	SHORT_TOKENS = 12, /* a shorter text says nothing about who wrote it */
	LONG_TOKENS = 40,
	TITLE_WORDS = 5, /* a shorter title is a heading */
	TITLE_SAYS = 8,  /* so long a title is enough by itself */
	SAMPLES_MIN = 6,
};
#define TITLE_WITHIN_MS (INT64_C(48) * 3600 * 1000)

/* Found on the golden sets of tests/unit/alerts. */
#define ALIKE_LONG 0.55
#define ALIKE_SHORT 0.75
#define PART_LONG 0.80
#define PART_SHORT 0.90
#define ALIKE_SELF 0.95        /* of one publisher */
#define ALIKE_TITLED 0.30      /* beside an equal title */
#define ALIKE_OTHER_TITLE 0.90 /* where the titles put one word for another */

struct story {
	struct item_key head;
	int64_t opened_ms;
	uint32_t entries; /* list in the index */
	uint32_t n_entries;
	uint32_t mentions, sites;
	struct story_traits traits;
};

/* Stories are numbered as they come; number n stands at n % open_max. */
struct story_book {
	struct story_options options;
	struct story *stories;
	uint32_t capacity;   /* of stories, at most open_max, a multiple or all of it */
	uint64_t first, end; /* numbers of those open */
	struct story_index index;
};

/* What a hash is of is part of it. */
enum feature {
	FEATURE_KEY = 1,
	FEATURE_ADDRESS,
	FEATURE_STATED, /* an address, by a source */
	FEATURE_TITLE,
	FEATURE_LEAD,
	FEATURE_BAND,
	FEATURE_SITE,
};

static uint64_t feature(enum feature what, uint64_t value)
{
	const uint64_t parts[] = {what, value};
	const uint64_t h = XXH3_64bits(parts, sizeof(parts));

	return value ? h ? h : 1 : 0;
}

static uint64_t key_feature(const struct item_key *key)
{
	return feature(FEATURE_KEY, XXH3_64bits(key->b, sizeof(key->b)) | 1);
}

static struct story *story_at(const struct story_book *book, uint64_t number)
{
	return &book->stories[number % book->options.open_max];
}

static uint32_t *entries_of(void *arg, uint64_t number)
{
	return &story_at(arg, number)->entries;
}

struct story_book *story_book_free(struct story_book *book)
{
	if (!book)
		return NULL;
	story_index_deinit(&book->index);
	free(book->stories);
	free(book);
	return NULL;
}

DEFINE_CLEANUP(struct story_book *, story_book_free)

int story_book_new(struct story_book **ret, const struct story_options *options)
{
	CLEANUP(story_book_freep) struct story_book *book = calloc(1, sizeof(*book));

	if (!book)
		return -ENOMEM;
	book->options = *options;
	if (!book->options.open_max)
		book->options.open_max = STORY_OPEN_MAX;
	if (!book->options.open_ms)
		book->options.open_ms = STORY_OPEN_MS;
	if (story_index_init(&book->index,
		    book->options.open_max * ENTRIES_A_STORY + ENTRIES_OF_STORY) < 0)
		return -ENOMEM;
	*ret = TAKE(book);
	return 0;
}

static void close_oldest(struct story_book *book)
{
	story_index_drop(&book->index, &story_at(book, book->first)->entries);
	book->first++;
}

static void close_old(struct story_book *book, struct wall now)
{
	while (book->first < book->end &&
		story_at(book, book->first)->opened_ms <= now.ms - book->options.open_ms)
		close_oldest(book);
}

/* Adds a hash to a story, at the cost of the oldest ones. False: no room, or enough. */
static bool add_entry(struct story_book *book, uint64_t number, uint64_t hash)
{
	struct story *s = story_at(book, number);

	if (!hash || s->n_entries >= ENTRIES_OF_STORY)
		return false;
	if (story_index_has(&book->index, hash, number))
		return false;
	while (!story_index_add(&book->index, hash, number, &s->entries, entries_of, book)) {
		if (book->first >= number)
			return false;
		close_oldest(book);
	}
	s->n_entries++;
	return true;
}

/* --- Judging ------------------------------------------------------------------------------ */

struct verdict {
	enum story_why why; /* STORY_HEAD: not alike */
	double similarity;
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* Some words in each title that the other does not have, most in common: "in Lyon", "in Lille".
 */
static bool titles_swap(const struct story_likeness *like)
{
	return like->title >= 0.5 && like->title_within < 1;
}

static struct verdict judge_self(const struct story_traits *a, const struct story_traits *b,
	const struct story_likeness *like)
{
	const bool titled = a->title == b->title;

	if (titled && a->n_tokens >= SHORT_TOKENS && b->n_tokens >= SHORT_TOKENS &&
		like->resemblance >= ALIKE_SELF)
		return (struct verdict){STORY_TEXT, like->resemblance};
	return (struct verdict){STORY_HEAD, 0};
}

static struct verdict judge_text(const struct story_traits *a, const struct story_traits *b,
	const struct story_likeness *like)
{
	const uint32_t least = a->n_tokens < b->n_tokens ? a->n_tokens : b->n_tokens;
	const bool is_long = least >= LONG_TOKENS;
	const double alike = larger(like->resemblance, like->containment);

	if (least < SHORT_TOKENS || (titles_swap(like) && alike < ALIKE_OTHER_TITLE))
		return (struct verdict){STORY_HEAD, 0};
	if (like->resemblance >= (is_long ? ALIKE_LONG : ALIKE_SHORT))
		return (struct verdict){STORY_TEXT, like->resemblance};
	if (like->samples >= SAMPLES_MIN &&
		like->containment >= (is_long ? PART_LONG : PART_SHORT))
		return (struct verdict){STORY_PART, like->containment};
	return (struct verdict){STORY_HEAD, 0};
}

static struct verdict judge_title(const struct story_traits *a, const struct story_traits *b,
	const struct story_likeness *like)
{
	const bool same = a->title && a->title == b->title;
	const int64_t apart_ms =
		a->said_ms > b->said_ms ? a->said_ms - b->said_ms : b->said_ms - a->said_ms;
	const bool wordless = a->n_tokens < SHORT_TOKENS || b->n_tokens < SHORT_TOKENS;
	const bool near =
		like->title >= 0.8 || (like->title_within >= 1 && a->n_title >= TITLE_WORDS &&
					      b->n_title >= TITLE_WORDS);

	if (a->n_title < TITLE_WORDS || b->n_title < TITLE_WORDS || apart_ms > TITLE_WITHIN_MS)
		return (struct verdict){STORY_HEAD, 0};
	if (same && (wordless || a->n_title >= TITLE_SAYS ||
			    larger(like->resemblance, like->containment) >= ALIKE_TITLED))
		return (struct verdict){STORY_TITLE, 1};
	if (near && !titles_swap(like) && like->containment >= ALIKE_TITLED &&
		like->samples >= SAMPLES_MIN)
		return (struct verdict){STORY_TITLE, like->title};
	return (struct verdict){STORY_HEAD, 0};
}

/* Answers give the address of what they answer to: theirs says nothing. */
static bool is_talk(const struct story_traits *t)
{
	return t->kind == ITEM_COMMENT || t->kind == ITEM_REVIEW;
}

/* An address as one source states it. */
static uint64_t stated(const struct story_traits *t)
{
	return t->url ? feature(FEATURE_STATED, t->url ^ (t->source << 1 | 1)) : 0;
}

static struct verdict judge(const struct story_traits *a, const struct story_traits *b)
{
	const struct story_likeness like = story_compare(a, b);
	struct verdict v;

	if (like.numbers_differ)
		return (struct verdict){STORY_HEAD, 0};
	if (a->publisher == b->publisher)
		return judge_self(a, b, &like);
	v = judge_text(a, b, &like);
	return v.why != STORY_HEAD ? v : judge_title(a, b, &like);
}

/* --- Finding ------------------------------------------------------------------------------ */

struct search {
	uint64_t found[CANDIDATES_MAX];
	size_t n;
};

static void look_up(struct search *s, const struct story_book *book, uint64_t hash)
{
	uint64_t stories[STORY_INDEX_SAME];
	const size_t n = story_index_find(&book->index, hash, stories);

	for (size_t i = 0; i < n && s->n < CANDIDATES_MAX; i++) {
		bool known = false;

		for (size_t k = 0; k < s->n && !known; k++)
			known = s->found[k] == stories[i];
		if (!known)
			s->found[s->n++] = stories[i];
	}
}

/* The number of the story most alike; book->end: none is. */
static uint64_t find_story(const struct story_book *book, const struct story_traits *t,
	const uint64_t *bands, size_t n_bands, struct verdict *ret)
{
	struct search s = {0};
	uint64_t best = book->end;

	*ret = (struct verdict){STORY_HEAD, 1};
	if (!is_talk(t))
		look_up(&s, book, feature(FEATURE_ADDRESS, t->url));
	/* A page stated by two sources is one page, whichever of a story's mentions gave it. By
	 * one source it may be a thread, or a page that changes. */
	for (size_t i = s.n; i-- > 0;) {
		if (story_index_has(&book->index, stated(t), s.found[i]))
			continue;
		*ret = (struct verdict){STORY_ADDRESS, 1};
		return s.found[i];
	}
	look_up(&s, book, feature(FEATURE_TITLE, t->title));
	look_up(&s, book, feature(FEATURE_LEAD, t->lead));
	for (size_t i = 0; i < n_bands; i++)
		look_up(&s, book, feature(FEATURE_BAND, bands[i]));
	for (size_t i = 0; i < s.n; i++) {
		const struct verdict v = judge(t, &story_at(book, s.found[i])->traits);

		if (v.why == STORY_HEAD)
			continue;
		if (best == book->end || v.similarity > ret->similarity ||
			(v.similarity == ret->similarity && s.found[i] < best)) {
			best = s.found[i];
			*ret = v;
		}
	}
	return best;
}

static void place(struct story_place *ret, const struct story *s, uint64_t number,
	enum story_why why, double similarity)
{
	*ret = (struct story_place){.head = s->head,
		.why = why,
		.similarity = similarity,
		.mentions = s->mentions,
		.sites = s->sites,
		.number = number};
}

bool story_find(
	const struct story_book *book, const struct item_key *key, struct story_place *ret)
{
	uint64_t stories[STORY_INDEX_SAME];

	if (!story_index_find(&book->index, key_feature(key), stories))
		return false;
	place(ret, story_at(book, stories[0]), stories[0], STORY_KNOWN, 1);
	return true;
}

/* Room for one more at book->end. */
static int make_room(struct story_book *book)
{
	uint64_t want;
	struct story *stories;

	if (book->end - book->first == book->options.open_max)
		close_oldest(book);
	if (book->end < book->capacity || book->capacity == book->options.open_max)
		return 0;
	want = book->capacity ? (uint64_t)book->capacity * 2 : 64;
	while (want <= book->end && want < book->options.open_max)
		want *= 2;
	if (want > book->options.open_max)
		want = book->options.open_max;
	stories = realloc(book->stories, want * sizeof(*stories));
	if (!stories)
		return -ENOMEM;
	book->stories = stories;
	book->capacity = (uint32_t)want;
	return 0;
}

static void note_mention(struct story_book *book, uint64_t number, const struct hit *hit,
	const struct story_traits *t)
{
	struct story *s = story_at(book, number);

	(void)add_entry(book, number, key_feature(&hit->key));
	s->sites += add_entry(book, number, feature(FEATURE_SITE, t->site));
	if (!is_talk(t)) {
		(void)add_entry(book, number, feature(FEATURE_ADDRESS, t->url));
		(void)add_entry(book, number, stated(t));
	}
	if (t->n_title >= TITLE_WORDS)
		(void)add_entry(book, number, feature(FEATURE_TITLE, t->title));
	s->mentions++;
}

static int open_story(struct story_book *book, const struct hit *hit, struct wall now,
	const struct story_traits *t, const uint64_t *bands, size_t n_bands)
{
	const uint64_t number = book->end;
	struct story *s;

	if (make_room(book) < 0)
		return -ENOMEM;
	s = story_at(book, number);
	*s = (struct story){.head = hit->key,
		.opened_ms = now.ms,
		.entries = STORY_INDEX_NONE,
		.traits = *t};
	book->end++;
	note_mention(book, number, hit, t);
	(void)add_entry(book, number, feature(FEATURE_LEAD, t->lead));
	for (size_t i = 0; i < n_bands; i++)
		(void)add_entry(book, number, feature(FEATURE_BAND, bands[i]));
	return 0;
}

int story_add(struct story_book *book, const struct hit *hit, struct wall now,
	struct story_place *ret)
{
	uint64_t bands[STORY_BANDS], number;
	struct story_traits traits;
	struct verdict v;
	size_t n_bands;
	int r;

	close_old(book, now);
	if (story_find(book, &hit->key, ret))
		return 0;
	r = story_traits_read(&traits, bands, &n_bands, hit, book->options.fold);
	if (r < 0)
		return r;
	number = find_story(book, &traits, bands, n_bands, &v);
	if (number == book->end)
		r = open_story(book, hit, now, &traits, bands, n_bands);
	else
		note_mention(book, number, hit, &traits);
	if (r == 0)
		place(ret, story_at(book, number), number, v.why, v.similarity);
	return r;
}

int story_look(const struct story_book *book, const struct hit *hit, struct story_place *ret)
{
	uint64_t bands[STORY_BANDS], number;
	struct story_traits traits;
	struct verdict v;
	size_t n_bands;
	int r;

	if (story_find(book, &hit->key, ret))
		return 0;
	r = story_traits_read(&traits, bands, &n_bands, hit, book->options.fold);
	if (r < 0)
		return r;
	number = find_story(book, &traits, bands, n_bands, &v);
	if (number == book->end) {
		*ret = (struct story_place){.head = hit->key,
			.why = STORY_HEAD,
			.similarity = 1,
			.mentions = 1,
			.sites = 1};
		return 0;
	}
	place(ret, story_at(book, number), number, v.why, v.similarity);
	ret->mentions++;
	ret->sites +=
		!story_index_has(&book->index, feature(FEATURE_SITE, traits.site), number);
	return 0;
}

struct story_stats story_stats(const struct story_book *book)
{
	return (struct story_stats){
		.open = (uint32_t)(book->end - book->first),
		.closed = book->first,
		.bytes = sizeof(*book) + book->capacity * sizeof(struct story) +
			 book->index.capacity * sizeof(struct story_entry) +
			 book->index.n_buckets * sizeof(uint32_t),
	};
}

/* --- State: a header, each story with its hashes, a checksum; in this machine's byte order,
 * which the header shows. */

enum { STATE_VERSION = 1 };

struct state_header {
	uint32_t magic; /* "vist" */
	uint32_t version;
	uint32_t story_bytes; /* with the parameters, what a story's record depends on */
	uint32_t open_max;
	uint64_t parameters;
	uint64_t first, end;
};

static struct state_header header_of(const struct story_book *book)
{
	const uint32_t parameters[] = {STORY_SHINGLE_TOKENS, STORY_TEXT_TOKENS, STORY_SKETCH,
		STORY_BANDS, STORY_ROWS, STORY_LEAD_TOKENS, STORY_INDEX_SAME};

	return (struct state_header){
		.magic = 0x74736976,
		.version = STATE_VERSION,
		.story_bytes = sizeof(struct story),
		.open_max = book->options.open_max,
		.parameters = XXH3_64bits(parameters, sizeof(parameters)),
		.first = book->first,
		.end = book->end,
	};
}

static void save_story(const struct story_book *book, uint64_t number, struct buf *out)
{
	const struct story *s = story_at(book, number);
	struct story record = *s;
	uint32_t n = 0;

	record.entries = 0; /* a place in memory */
	buf_add(out, span_of((const char *)&record, sizeof(record)));
	for (uint32_t at = s->entries; at != STORY_INDEX_NONE;
		at = book->index.entries[at].sibling)
		n++;
	buf_add(out, span_of((const char *)&n, sizeof(n)));
	for (uint32_t at = s->entries; at != STORY_INDEX_NONE;
		at = book->index.entries[at].sibling)
		buf_add(out,
			span_of((const char *)&book->index.entries[at].hash, sizeof(uint64_t)));
}

/* Ends what began at `start`. */
static int add_sum(struct buf *out, size_t start)
{
	uint64_t sum;

	if (out->failed)
		return -ENOMEM;
	sum = XXH3_64bits(out->p + start, out->n - start);
	buf_add(out, span_of((const char *)&sum, sizeof(sum)));
	return buf_result(out);
}

int story_save(const struct story_book *book, struct buf *out)
{
	const struct state_header header = header_of(book);
	const size_t start = out->n;

	buf_add(out, span_of((const char *)&header, sizeof(header)));
	for (uint64_t number = book->first; number < book->end; number++)
		save_story(book, number, out);
	return add_sum(out, start);
}

uint64_t story_parameters(const struct story_book *book)
{
	struct state_header header = header_of(book);

	header.first = header.end = 0;
	return XXH3_64bits(&header, sizeof(header));
}

int story_save_one(const struct story_book *book, uint64_t number, struct buf *out)
{
	const size_t start = out->n;

	assert(number >= book->first && number < book->end);
	save_story(book, number, out);
	return add_sum(out, start);
}

static bool take(void *to, size_t n, struct span *from)
{
	if (from->n < n)
		return false;
	memcpy(to, from->p, n);
	*from = span_slice(*from, n, from->n);
	return true;
}

/* What the rest of this file relies on. */
static bool story_sound(const struct story *s)
{
	const struct story_traits *t = &s->traits;

	return t->n_sketch <= STORY_SKETCH && t->n_title <= STORY_TITLE_TOKENS &&
	       t->n_numbers <= STORY_NUMBERS && t->n_sketch <= t->n_shingles &&
	       (t->n_shingles <= t->n_sketch || t->n_sketch == STORY_SKETCH) &&
	       s->n_entries <= ENTRIES_OF_STORY;
}

static int restore_story(struct story_book *book, struct span *state)
{
	const uint64_t number = book->end;
	struct story *s;
	uint64_t hashes[ENTRIES_OF_STORY];
	uint32_t n;

	if (make_room(book) < 0)
		return -ENOMEM;
	s = story_at(book, number);
	if (!take(s, sizeof(*s), state) || !story_sound(s) || !take(&n, sizeof(n), state) ||
		n > ENTRIES_OF_STORY || !take(hashes, n * sizeof(*hashes), state))
		return -EBADMSG;
	s->entries = STORY_INDEX_NONE;
	book->end++;
	/* Backwards: so the list is as it was. */
	for (uint32_t i = n; i-- > 0;) {
		while (!story_index_add(
			&book->index, hashes[i], number, &s->entries, entries_of, book)) {
			if (book->first >= number)
				return -ENOMEM;
			close_oldest(book);
		}
	}
	return 0;
}

/* Takes the checksum off; false: it is not the bytes'. */
static bool take_sum(struct span *state)
{
	uint64_t sum;

	if (state->n < sizeof(sum))
		return false;
	memcpy(&sum, state->p + state->n - sizeof(sum), sizeof(sum));
	state->n -= sizeof(sum);
	return sum == XXH3_64bits(state->p, state->n);
}

/* A story nothing is like. */
static int restore_blank(struct story_book *book)
{
	if (make_room(book) < 0)
		return -ENOMEM;
	*story_at(book, book->end) = (struct story){
		.entries = STORY_INDEX_NONE,
		/* Closes with the one before it. */
		.opened_ms = book->end > book->first ? story_at(book, book->end - 1)->opened_ms
						     : INT64_MIN / 2,
	};
	book->end++;
	return 0;
}

void story_restart(struct story_book *book, uint64_t number)
{
	assert(book->first == book->end);
	book->first = book->end = number;
}

int story_restore_up_to(struct story_book *book, uint64_t number)
{
	int r = 0;

	if (number > book->end && number - book->first > book->options.open_max)
		return -EBADMSG;
	while (book->end < number && r == 0)
		r = restore_blank(book);
	return r;
}

int story_restore_one(struct story_book *book, uint64_t number, struct span state)
{
	int r;

	if (number < book->end || !take_sum(&state))
		return -EBADMSG;
	r = story_restore_up_to(book, number);
	if (r == 0)
		r = restore_story(book, &state);
	return r < 0 ? r : state.n ? -EBADMSG : 0;
}

int story_restore(struct story_book *book, struct span state)
{
	const struct state_header mine = header_of(book);
	struct state_header header;
	int r = 0;

	if (state.n < sizeof(header) + sizeof(uint64_t) || !take_sum(&state))
		return -EBADMSG;
	(void)take(&header, sizeof(header), &state);
	if (header.magic != mine.magic || header.version != mine.version ||
		header.story_bytes != mine.story_bytes || header.open_max != mine.open_max ||
		header.parameters != mine.parameters)
		return STORY_STATE_OTHER;
	if (header.end < header.first || header.end - header.first > header.open_max)
		return -EBADMSG;
	book->first = book->end = header.first;
	while (r == 0 && book->end < header.end)
		r = restore_story(book, &state);
	if (r == 0 && state.n)
		r = -EBADMSG;
	if (r < 0) {
		while (book->first < book->end)
			close_oldest(book);
		book->first = book->end = 0;
	}
	return r;
}
