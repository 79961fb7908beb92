#include "story_traits.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "vigie/story_url.h"

/* Less than this share of the numbers in common: same words, other facts. */
#define NUMBERS_AGREE 0.6

enum {
	TITLE_PARTS_MAX = 8,
	/* A part of a title this short may be a site's or a section's name; what is left must
	 * say something by itself. */
	TAIL_TOKENS = 4,
	HEAD_TOKENS = 2,
	REST_TOKENS = 4,
	NUMBER_WINDOW = 96,
};

static uint64_t hash(struct span s)
{
	const uint64_t h = XXH3_64bits(s.p ? s.p : "", s.n);

	return h ? h : 1;
}

static uint64_t mix(uint64_t x)
{
	/* The finalizer of SplitMix64 (Steele et al., OOPSLA 2014). */
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* The next token of a list of tokens, each followed by a space. */
static bool next_token(struct span *ret, struct span *list)
{
	const size_t end = span_find(*list, ' ');

	if (span_empty(*list))
		return false;
	*ret = span_slice(*list, 0, end);
	*list = span_slice(*list, end + 1, list->n);
	return true;
}

static size_t count_tokens(struct span list)
{
	struct span token;
	size_t n = 0;

	while (next_token(&token, &list))
		n++;
	return n;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Sorts and drops what is there twice; returns how many are left. */
static size_t make_set(uint32_t *values, size_t n)
{
	size_t kept = 0;

	qsort(values, n, sizeof(*values), by_value);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || values[i] != values[i - 1])
			values[kept++] = values[i];
	return kept;
}

/* --- Titles ------------------------------------------------------------------------------- */

struct title_parts {
	struct buf tokens[TITLE_PARTS_MAX];
	size_t n;
};

/* Length of a separator of title parts at i, with its spaces; 0: none. */
static size_t separator_at(struct span s, size_t i)
{
	static const char *const separators[] = {" | ", " - ", " \xE2\x80\x93 ",
		" \xE2\x80\x94 ", " \xC2\xB7 ", " \xE2\x80\xA2 ", " \xC2\xBB ",
		" :: ", " \xE2\x80\xB9 "};

	for (size_t k = 0; k < sizeof(separators) / sizeof(*separators); k++)
		if (span_starts(span_slice(s, i, s.n), span_str(separators[k])))
			return strlen(separators[k]);
	return 0;
}

static int split_title(struct title_parts *p, struct span title, tokens_fold *fold)
{
	size_t start = 0;
	int r = 0;

	for (size_t i = 0; i <= title.n && r == 0; i++) {
		const size_t n = i < title.n ? separator_at(title, i) : 1;

		if (!n || (i < title.n && p->n + 1 == TITLE_PARTS_MAX))
			continue;
		r = fold(&p->tokens[p->n], span_slice(title, start, i), STORY_TEXT_TOKENS);
		if (p->tokens[p->n].n)
			p->n++;
		start = i + n;
		i = start - 1;
	}
	return r;
}

static void drop_part(struct title_parts *p, size_t i)
{
	buf_deinit(&p->tokens[i]);
	for (; i + 1 < p->n; i++)
		p->tokens[i] = p->tokens[i + 1];
	p->tokens[--p->n] = (struct buf){0};
}

/* "le monde " names www.lemonde.fr: its letters in a row begin the host's. */
static bool names_site(struct span tokens, struct span site)
{
	struct buf packed = {0}, host = {0};
	struct span token;
	bool is;

	while (next_token(&token, &tokens))
		buf_add(&packed, token);
	for (size_t i = 0; i < site.n; i++)
		if (site.p[i] != '-' && site.p[i] != '.')
			buf_add_char(&host, site.p[i]);
	is = packed.n >= 3 && host.n && memmem(host.p, host.n, packed.p, packed.n);
	buf_deinit(&packed);
	buf_deinit(&host);
	return is;
}

static size_t tokens_but(const struct title_parts *p, size_t but)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (i != but)
			n += count_tokens(buf_span(&p->tokens[i]));
	return n;
}

static void drop_names(struct title_parts *p, struct span site, struct span feed)
{
	for (size_t i = p->n; i-- > 0 && p->n > 1;)
		if (span_eq(buf_span(&p->tokens[i]), feed) ||
			names_site(buf_span(&p->tokens[i]), site))
			drop_part(p, i);
	while (p->n > 1 && count_tokens(buf_span(&p->tokens[p->n - 1])) <= TAIL_TOKENS &&
		tokens_but(p, p->n - 1) >= REST_TOKENS)
		drop_part(p, p->n - 1);
	while (p->n > 1 && count_tokens(buf_span(&p->tokens[0])) <= HEAD_TOKENS &&
		tokens_but(p, 0) >= REST_TOKENS)
		drop_part(p, 0);
}

static int read_title(struct story_traits *t, struct buf *tokens, const struct item *item,
	struct span site, tokens_fold *fold)
{
	struct title_parts parts = {0};
	struct buf feed = {0};
	struct span list, token;
	int r = split_title(&parts, item->title, fold);

	if (r == 0)
		r = fold(&feed, item->feed.title, STORY_TEXT_TOKENS);
	if (r == 0) {
		drop_names(&parts, site, buf_span(&feed));
		for (size_t i = 0; i < parts.n; i++)
			buf_add(tokens, buf_span(&parts.tokens[i]));
		list = buf_span(tokens);
		t->title = list.n ? hash(list) : 0;
		while (t->n_title < STORY_TITLE_TOKENS && next_token(&token, &list))
			t->titles[t->n_title++] = (uint32_t)hash(token);
		t->n_title = (uint32_t)make_set(t->titles, t->n_title);
		r = buf_result(tokens);
	}
	while (parts.n)
		drop_part(&parts, parts.n - 1);
	buf_deinit(&feed);
	return r;
}

/* --- Texts -------------------------------------------------------------------------------- */

static void note_numbers(struct story_traits *t, struct span list, size_t window)
{
	struct span token;

	for (size_t i = 0; i < window && next_token(&token, &list); i++) {
		bool digit = false, known = false;

		for (size_t k = 0; k < token.n; k++)
			digit |= token.p[k] >= '0' && token.p[k] <= '9';
		for (size_t k = 0; k < t->n_numbers; k++)
			known |= t->numbers[k] == (uint32_t)hash(token);
		if (digit && !known && t->n_numbers < STORY_NUMBERS)
			t->numbers[t->n_numbers++] = (uint32_t)hash(token);
	}
}

static void find_bands(uint64_t bands[STORY_BANDS], const uint32_t *shingles, size_t n)
{
	uint64_t mixed[STORY_TEXT_TOKENS];

	for (size_t i = 0; i < n; i++)
		mixed[i] = mix(shingles[i]);
	for (size_t b = 0; b < STORY_BANDS; b++) {
		uint64_t band = b;

		for (size_t row = 0; row < STORY_ROWS; row++) {
			const uint64_t a = mix(b * STORY_ROWS + row + 1) | 1;
			uint64_t least = UINT64_MAX;

			for (size_t i = 0; i < n; i++) {
				const uint64_t h = mixed[i] * a >> 16;

				least = h < least ? h : least;
			}
			band = mix(band * 31 + least);
		}
		bands[b] = band | 1;
	}
}

static void read_text(
	struct story_traits *t, uint64_t bands[STORY_BANDS], size_t *ret_n, struct span list)
{
	uint32_t shingles[STORY_TEXT_TOKENS];
	uint64_t last[STORY_SHINGLE_TOKENS] = {0};
	uint64_t lead = 0;
	struct span token;
	size_t n = 0;

	while (t->n_tokens < STORY_TEXT_TOKENS && next_token(&token, &list)) {
		for (size_t i = 0; i + 1 < STORY_SHINGLE_TOKENS; i++)
			last[i] = last[i + 1];
		last[STORY_SHINGLE_TOKENS - 1] = hash(token);
		if (t->n_tokens < STORY_LEAD_TOKENS)
			lead = mix(lead + hash(token));
		if (++t->n_tokens < STORY_SHINGLE_TOKENS)
			continue;
		shingles[n++] = (uint32_t)(mix(mix(mix(last[0]) + last[1]) + last[2]) >> 32);
	}
	t->lead = t->n_tokens >= STORY_LEAD_TOKENS ? lead | 1 : 0;
	n = make_set(shingles, n);
	t->n_shingles = (uint32_t)n;
	t->n_sketch = (uint32_t)(n < STORY_SKETCH ? n : STORY_SKETCH);
	memcpy(t->sketch, shingles, t->n_sketch * sizeof(*shingles));
	*ret_n = n ? STORY_BANDS : 0;
	if (n)
		find_bands(bands, shingles, n);
}

/* --- All of it ---------------------------------------------------------------------------- */

static uint64_t publisher_of(const struct hit *hit, struct span site)
{
	const struct item_author *a = &hit->item.author;
	const struct span who = !span_empty(a->handle) ? a->handle
				: !span_empty(a->url)  ? a->url
						       : a->name;
	const bool press = hit->item.kind == ITEM_ARTICLE || hit->item.kind == ITEM_VIDEO ||
			   span_empty(who);

	return press ? hash(site) : mix(hash(site) + hash(who)) | 1;
}

int story_traits_read(struct story_traits *ret, uint64_t bands[STORY_BANDS], size_t *ret_n,
	const struct hit *hit, tokens_fold *fold)
{
	const struct item *item = &hit->item;
	struct story_traits t = {.kind = item->kind, .source = hash(hit->source)};
	struct buf url = {0}, site = {0}, title = {0}, text = {0};
	int r;

	t.said_ms = wall_known(item->published) ? item->published.ms : hit->fetched.ms;
	story_url_canonical(&url, item->url);
	story_url_site(&site, item->url);
	/* What has no address at all is published by its source. */
	if (!site.n)
		buf_add(&site, hit->source);
	t.url = url.n ? hash(buf_span(&url)) : 0;
	t.site = hash(buf_span(&site));
	t.publisher = publisher_of(hit, buf_span(&site));
	r = read_title(&t, &title, item, buf_span(&site), fold);
	if (r == 0)
		r = fold(&text, item->text, STORY_TEXT_TOKENS);
	if (r == 0) {
		note_numbers(&t, buf_span(&title), STORY_TITLE_TOKENS);
		note_numbers(&t, buf_span(&text), NUMBER_WINDOW);
		t.n_numbers = (uint32_t)make_set(t.numbers, t.n_numbers);
		read_text(&t, bands, ret_n, buf_span(&text));
	}
	if (url.failed || site.failed)
		r = -ENOMEM;
	buf_deinit(&url);
	buf_deinit(&site);
	buf_deinit(&title);
	buf_deinit(&text);
	if (r == 0)
		*ret = t;
	return r;
}

struct overlap {
	uint32_t both, a, b; /* a, b: in one only */
};

/* Of two ascending sets, up to and with `limit`. */
static struct overlap overlap_of(
	const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b, uint32_t limit)
{
	struct overlap o = {0};
	size_t i = 0, k = 0;

	while ((i < n_a && a[i] <= limit) || (k < n_b && b[k] <= limit)) {
		const uint64_t x = i < n_a ? a[i] : UINT64_MAX, y = k < n_b ? b[k] : UINT64_MAX;

		o.both += x == y;
		o.a += x < y;
		o.b += y < x;
		i += x <= y;
		k += y <= x;
	}
	return o;
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

struct story_likeness story_compare(const struct story_traits *a, const struct story_traits *b)
{
	struct story_likeness like = {0};
	/* A sketch that is no whole set knows nothing beyond its largest hash. */
	const uint32_t end_a =
		a->n_shingles > a->n_sketch ? a->sketch[STORY_SKETCH - 1] : UINT32_MAX;
	const uint32_t end_b =
		b->n_shingles > b->n_sketch ? b->sketch[STORY_SKETCH - 1] : UINT32_MAX;
	struct overlap o = overlap_of(
		a->sketch, a->n_sketch, b->sketch, b->n_sketch, end_a < end_b ? end_a : end_b);
	double least;

	like.resemblance = share(o.both, o.both + o.a + o.b);
	like.samples = o.both + (a->n_shingles < b->n_shingles ? o.a : o.b);
	like.containment = share(o.both, like.samples);
	o = overlap_of(a->titles, a->n_title, b->titles, b->n_title, UINT32_MAX);
	like.title = share(o.both, o.both + o.a + o.b);
	like.title_within = share(o.both, smaller(a->n_title, b->n_title));
	o = overlap_of(a->numbers, a->n_numbers, b->numbers, b->n_numbers, UINT32_MAX);
	least = smaller(a->n_numbers, b->n_numbers);
	like.numbers_differ = least > 0 && o.both < NUMBERS_AGREE * least;
	return like;
}
