/*
 * expr_filters_ask: filters that requests are made with, rather than answers read: times in a
 * network's own form, numbers for JSON bodies, signatures.
 */

#include <math.h>
#include <stdlib.h>

#include "sources/date.h"
#include "sources/digest.h"
#include "sources/expr_inner.h"

enum { MAX_DATE_BYTES = 64 };

static const struct tree *kept(struct expr_eval *e, enum tree_kind kind, struct span s)
{
	struct tree *made = s.p ? arena_alloc(e->arena, sizeof(*made)) : NULL;

	if (!made)
		e->failed = true;
	else
		*made = (struct tree){.kind = (uint8_t)kind, .n = (uint32_t)s.n, .p = s.p};
	return made;
}

static const struct tree *kept_buf(struct expr_eval *e, struct buf *b)
{
	const struct tree *made = NULL;

	if (b->failed)
		e->failed = true;
	else if (b->n)
		made = kept(e, TREE_STRING, arena_dup(e->arena, buf_span(b)));
	buf_deinit(b);
	return made;
}

static bool digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* An instant: one already, seconds since 1970, or a date. */
static struct wall instant_of(struct expr_eval *e, const struct tree *value)
{
	const struct span s = span_trim(tree_text(value, e->arena));
	int64_t v = 0;

	if (value->kind == TREE_TIME)
		return value->time;
	if (!digits(s) || s.n > 12)
		return date_parse(s);
	for (size_t i = 0; i < s.n; i++)
		v = v * 10 + (s.p[i] - '0');
	return (struct wall){v * 1000};
}

static const struct tree *time_of(struct expr_eval *e, struct wall t)
{
	struct tree *made = wall_known(t) ? arena_alloc(e->arena, sizeof(*made)) : NULL;

	if (made)
		*made = (struct tree){.kind = TREE_TIME, .time = t};
	return made;
}

/* %Y %m %d %H %M %S, %s and %ms since 1970; all else stands for itself. */
static void put_date(struct buf *out, struct span format, struct wall t)
{
	const int64_t seconds = t.ms / 1000 - (t.ms % 1000 < 0);
	const int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	const int rest = (int)(seconds - days * 86400);
	int64_t year;
	int month, day;

	civil_from_days(days, &year, &month, &day);
	for (size_t i = 0; i < format.n && out->n < MAX_DATE_BYTES; i++) {
		const char c = format.p[i] == '%' && i + 1 < format.n ? format.p[i + 1] : '\0';

		i += c != '\0';
		if (c == 'Y')
			buf_addf(out, "%04d", (int)year);
		else if (c == 'm')
			buf_addf(out, "%02d", month);
		else if (c == 'd')
			buf_addf(out, "%02d", day);
		else if (c == 'H')
			buf_addf(out, "%02d", rest / 3600);
		else if (c == 'M')
			buf_addf(out, "%02d", rest / 60 % 60);
		else if (c == 'S')
			buf_addf(out, "%02d", rest % 60);
		else if (c == 's')
			buf_addf(out, "%lld", (long long)seconds);
		else if (c == 'L')
			buf_addf(out, "%lld", (long long)t.ms);
		else
			buf_add_char(out, c ? c : format.p[i]);
	}
}

const struct tree *expr_filter_date(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const struct wall t = instant_of(e, value);
	struct buf out = {0};

	if (!wall_known(t))
		return NULL;
	put_date(&out, use->word, t);
	return kept_buf(e, &out);
}

/* "7d" before the value. */
const struct tree *expr_filter_ago(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	static const char units[] = "smhdw";
	static const int64_t ms[] = {1000, 60000, 3600000, 86400000, 604800000};
	const struct span s = use->word;
	const char *unit = s.n > 1 && s.p[s.n - 1] ? strchr(units, s.p[s.n - 1]) : NULL;
	const struct wall t = instant_of(e, value);
	int64_t v = 0;

	if (!unit || !digits(span_slice(s, 0, s.n - 1)) || s.n > 8 || !wall_known(t))
		return NULL;
	for (size_t i = 0; i + 1 < s.n; i++)
		v = v * 10 + (s.p[i] - '0');
	return time_of(e, (struct wall){t.ms - v * ms[unit - units]});
}

/* The later of two instants. */
const struct tree *expr_filter_atleast(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const struct tree *other = expr_value(e, use->expr);
	const struct wall a = instant_of(e, value);
	const struct wall b = other ? instant_of(e, other) : WALL_NONE;

	return time_of(e, !wall_known(b) || (wall_known(a) && a.ms >= b.ms) ? a : b);
}

const struct tree *expr_filter_minus(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const struct span a = span_trim(tree_text(value, e->arena));
	const struct span b = span_trim(tree_text(expr_value(e, use->expr), e->arena));
	int64_t m = 0, n = 0;

	if (!digits(a) || !digits(b) || a.n > 18 || b.n > 18)
		return NULL;
	for (size_t i = 0; i < a.n; i++)
		m = m * 10 + (a.p[i] - '0');
	for (size_t i = 0; i < b.n; i++)
		n = n * 10 + (b.p[i] - '0');
	return kept(e, TREE_NUMBER, arena_printf(e->arena, "%lld", (long long)(m - n)));
}

/* A number as JSON has it: digits stay as they are written. */
const struct tree *expr_filter_number(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const struct span s = span_trim(tree_text(value, e->arena));
	const bool minus = s.n && s.p[0] == '-';

	(void)use;
	if (!digits(span_slice(s, minus, s.n)) || s.n > 20)
		return NULL;
	return kept(e, TREE_NUMBER, arena_dup(e->arena, s));
}

const struct tree *expr_filter_bool(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const struct span s = span_trim(tree_text(value, e->arena));

	(void)use;
	if (!span_eq_str(s, "true") && !span_eq_str(s, "false"))
		return NULL;
	return kept(e, TREE_BOOL, arena_dup(e->arena, s));
}

/* Ids: the one with more digits is the larger, else the one that sorts behind. */
static int compare_ids(struct span a, struct span b)
{
	while (a.n && a.p[0] == '0')
		a = span_slice(a, 1, a.n);
	while (b.n && b.p[0] == '0')
		b = span_slice(b, 1, b.n);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return span_cmp(a, b);
}

static const struct tree *extreme(struct expr_eval *e, const struct tree *value, int sign)
{
	const struct tree *best = NULL;
	struct span best_text = SPAN_NONE;

	if (value->kind != TREE_LIST)
		return value;
	for (uint32_t i = 0; i < value->n && expr_spend(e, 1); i++) {
		const struct span text = tree_text(&value->items[i], e->arena);

		if (!text.n || (best && compare_ids(text, best_text) * sign <= 0))
			continue;
		best = &value->items[i];
		best_text = text;
	}
	return best;
}

const struct tree *expr_filter_max(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	(void)use;
	return extreme(e, value, 1);
}

const struct tree *expr_filter_min(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	(void)use;
	return extreme(e, value, -1);
}

const struct tree *expr_filter_join(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	struct buf out = {0};

	if (value->kind != TREE_LIST)
		return value;
	for (uint32_t i = 0; i < value->n && expr_spend(e, 1); i++) {
		const struct span text = tree_text(&value->items[i], e->arena);

		if (out.n && text.n)
			buf_add(&out, use->word);
		buf_add(&out, text);
	}
	return kept_buf(e, &out);
}

const struct tree *expr_filter_base64(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	struct buf out = {0};

	(void)use;
	digest_base64(&out, tree_text(value, e->arena), false);
	return kept_buf(e, &out);
}

/* RFC 7636, section 4.2. */
const struct tree *expr_filter_s256(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	uint8_t digest[DIGEST_BYTES];
	struct buf out = {0};

	(void)use;
	if (!digest_sha256(digest, tree_text(value, e->arena)))
		return NULL;
	digest_base64(&out, span_of((const char *)digest, sizeof(digest)), true);
	return kept_buf(e, &out);
}

/* In hexadecimal, of the value with the key given. */
const struct tree *expr_filter_hmac(
	struct expr_eval *e, const struct expr_use *use, const struct tree *value)
{
	const struct tree *key = expr_value(e, use->expr);
	uint8_t digest[DIGEST_BYTES];
	struct buf out = {0};

	if (!key || !digest_hmac(digest, tree_text(key, e->arena), tree_text(value, e->arena)))
		return NULL;
	digest_hex(&out, span_of((const char *)digest, sizeof(digest)));
	return kept_buf(e, &out);
}
