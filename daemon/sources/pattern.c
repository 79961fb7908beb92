#include "sources/pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* As in rules/regex.c: a few milliseconds a search. */
enum {
	MATCH_STEPS = 200 * 1000,
	MATCH_STEPS_PER_BYTE = 20,
	MATCH_DEPTH = 20 * 1000,
	MATCH_HEAP_KIB = 8 * 1024,
};

struct pattern {
	pcre2_code *code;
};

struct pattern_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	struct pattern *all; /* any text */
	struct pattern *hashtag;
};

int pattern_new(
	struct pattern **ret, struct span text, char why[PATTERN_WHY_SIZE], size_t *ret_at)
{
	struct pattern *p = calloc(1, sizeof(*p));
	PCRE2_SIZE at = 0;
	int error = 0;

	if (!p)
		return -ENOMEM;
	p->code = pcre2_compile((PCRE2_SPTR)(text.p ? text.p : ""), text.n,
		PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C, &error, &at,
		NULL);
	if (!p->code) {
		free(p);
		if (error == 121) /* "failed to get memory" */
			return -ENOMEM;
		if (pcre2_get_error_message(error, (PCRE2_UCHAR *)why, PATTERN_WHY_SIZE) < 0)
			why[0] = '\0';
		*ret_at = at;
		return -EINVAL;
	}
	*ret = p;
	return 0;
}

struct pattern *pattern_free(struct pattern *p)
{
	if (!p)
		return NULL;
	pcre2_code_free(p->code);
	free(p);
	return NULL;
}

int pattern_scratch_new(struct pattern_scratch **ret)
{
	struct pattern_scratch *s = calloc(1, sizeof(*s));
	char why[PATTERN_WHY_SIZE];
	size_t at;

	if (!s)
		return -ENOMEM;
	s->data = pcre2_match_data_create(PATTERN_GROUPS, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (!s->data || !s->context || pattern_new(&s->all, SPAN(".+"), why, &at) < 0 ||
		pattern_new(&s->hashtag, SPAN("#([\\p{L}\\p{N}_]+)"), why, &at) < 0) {
		pattern_scratch_free(s);
		return -ENOMEM;
	}
	*ret = s;
	return 0;
}

struct pattern_scratch *pattern_scratch_free(struct pattern_scratch *s)
{
	if (!s)
		return NULL;
	pattern_free(s->all);
	pattern_free(s->hashtag);
	pcre2_match_context_free(s->context);
	pcre2_match_data_free(s->data);
	free(s);
	return NULL;
}

static void set_bounds(struct pattern_scratch *s, struct span subject)
{
	const size_t steps = MATCH_STEPS + subject.n * MATCH_STEPS_PER_BYTE;

	pcre2_set_match_limit(s->context, steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps);
	pcre2_set_depth_limit(s->context, MATCH_DEPTH);
	pcre2_set_heap_limit(s->context, MATCH_HEAP_KIB);
}

/* Number of groups, or 0. */
static int search(
	const struct pattern *p, struct pattern_scratch *s, struct span subject, size_t from)
{
	int n;

	set_bounds(s, subject);
	n = pcre2_match(p->code, (PCRE2_SPTR)(subject.p ? subject.p : ""), subject.n, from,
		PCRE2_NO_UTF_CHECK, s->data, s->context);
	return n < 0 ? 0 : n == 0 ? PATTERN_GROUPS : n;
}

static struct span group(const struct pattern_scratch *s, struct span subject, size_t i)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->data);

	if (at[2 * i] == PCRE2_UNSET || at[2 * i] > at[2 * i + 1])
		return SPAN_NONE;
	return span_slice(subject, at[2 * i], at[2 * i + 1]);
}

bool pattern_find(const struct pattern *p, struct pattern_scratch *s, struct span subject,
	size_t from, struct span ret_groups[PATTERN_GROUPS])
{
	const int n = search(p, s, subject, from);

	for (int i = 0; i < PATTERN_GROUPS; i++)
		ret_groups[i] = i < n ? group(s, subject, (size_t)i) : SPAN_NONE;
	return n > 0;
}

static void add_replacement(
	struct buf *out, struct span by, const struct span groups[PATTERN_GROUPS])
{
	for (size_t i = 0; i < by.n; i++) {
		const char next = i + 1 < by.n ? by.p[i + 1] : '\0';

		if (by.p[i] == '\\' && next >= '0' && next <= '9')
			buf_add(out, groups[next - '0']);
		else if (by.p[i] == '\\' && next == 'n')
			buf_add_char(out, '\n');
		else if (by.p[i] == '\\' && next)
			buf_add_char(out, next);
		else {
			buf_add_char(out, by.p[i]);
			continue;
		}
		i++;
	}
}

void pattern_replace(struct buf *out, const struct pattern *p, struct pattern_scratch *s,
	struct span subject, struct span by)
{
	struct span groups[PATTERN_GROUPS];
	size_t from = 0, done = 0;

	while (from <= subject.n && pattern_find(p, s, subject, from, groups)) {
		const size_t start = groups[0].p ? (size_t)(groups[0].p - subject.p) : 0;

		if (start < done || !groups[0].p) /* \K moved it backwards */
			break;
		buf_add(out, span_slice(subject, done, start));
		add_replacement(out, by, groups);
		done = from = start + groups[0].n;
		if (!groups[0].n) /* nothing was eaten: go on behind the next character */
			do
				from++;
			while (from < subject.n &&
				((unsigned char)subject.p[from] & 0xC0) == 0x80);
	}
	buf_add(out, span_slice(subject, done, subject.n));
}

void pattern_lower(struct buf *out, struct pattern_scratch *s, struct span text)
{
	PCRE2_SIZE n;
	bool ascii = true;
	int r;

	for (size_t i = 0; i < text.n && ascii; i++)
		ascii = (unsigned char)text.p[i] < 0x80;
	if (ascii) {
		for (size_t i = 0; i < text.n; i++)
			buf_add_char(out, ascii_lower(text.p[i]));
		return;
	}
	/* One character's lower case is at most three times its length (U+023A is shorter). */
	if (!buf_reserve(out, text.n * 3 + 1))
		return;
	n = text.n * 3 + 1;
	set_bounds(s, text);
	r = pcre2_substitute(s->all->code, (PCRE2_SPTR)text.p, text.n, 0,
		PCRE2_NO_UTF_CHECK | PCRE2_SUBSTITUTE_EXTENDED, s->data, s->context,
		(PCRE2_SPTR) "\\L$0", PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)out->p + out->n,
		&n);
	if (r < 0) {
		buf_add(out, text);
		return;
	}
	out->n += n;
	out->p[out->n] = '\0';
}

bool pattern_hashtag(struct span *ret, struct pattern_scratch *s, struct span text, size_t *at)
{
	if (*at > text.n || !search(s->hashtag, s, text, *at))
		return false;
	*ret = group(s, text, 1);
	*at = (size_t)(ret->p - text.p) + ret->n;
	return true;
}
