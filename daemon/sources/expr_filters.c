#include <math.h>
#include <stdlib.h>

#include "sources/date.h"
#include "sources/expr_inner.h"
#include "sources/html.h"
#include "sources/reader.h"
#include "sources/text.h"
#include "sources/url.h"
#include "vigie/utf8.h"

static const struct tree *string(struct expr_eval *e, struct span s)
{
	const struct tree *made = s.n ? tree_string(e->arena, s) : NULL;

	e->failed = e->failed || (s.n && !made);
	return made;
}

/* What was written into e->spare, kept. */
static const struct tree *spare(struct expr_eval *e)
{
	if (e->spare.failed) {
		e->failed = true;
		return NULL;
	}
	return string(e, arena_dup(e->arena, buf_span(&e->spare)));
}

static struct span text_of(struct expr_eval *e, const struct tree *value)
{
	return tree_text(value, e->arena);
}

static const struct tree *time_at(struct expr_eval *e, struct wall t)
{
	struct tree *made;

	if (!wall_known(t))
		return NULL;
	made = arena_alloc(e->arena, sizeof(*made));
	if (made)
		*made = (struct tree){.kind = TREE_TIME, .time = t};
	return made;
}

#define FILTER(name)                                                                           \
	static const struct tree *filter_##name(                                               \
		struct expr_eval *e, const struct expr_use *use, const struct tree *value)

/* --- Text --------------------------------------------------------------------------------- */

FILTER(html)
{
	struct buf markup = {0};

	(void)use;
	buf_clear(&e->spare);
	if (value->kind == TREE_ELEMENT && value->markup) {
		tree_markup(&markup, value);
		html_text(&e->spare, buf_span(&markup), HTML_DROP_HEAD, READ_MAX_TEXT_BYTES);
		buf_deinit(&markup);
	} else {
		html_text(&e->spare, utf8_prefix(text_of(e, value), READ_MAX_MARKUP_BYTES),
			HTML_DROP_HEAD, READ_MAX_TEXT_BYTES);
	}
	return spare(e);
}

FILTER(unescape)
{
	const struct span s = text_of(e, value);

	(void)use;
	if (span_find(s, '&') == s.n)
		return string(e, s);
	buf_clear(&e->spare);
	html_unescape(&e->spare, s);
	return spare(e);
}

FILTER(trim)
{
	(void)use;
	return string(e, span_trim(text_of(e, value)));
}

FILTER(lower)
{
	(void)use;
	buf_clear(&e->spare);
	pattern_lower(&e->spare, e->scratch, text_of(e, value));
	return spare(e);
}

FILTER(str)
{
	(void)use;
	return string(e, text_of(e, value));
}

FILTER(urldecode)
{
	struct buf out = {0};
	const struct tree *made;

	(void)use;
	utf8_repair(&out, url_unescape(e->arena, text_of(e, value)));
	made = out.failed ? NULL : string(e, arena_dup(e->arena, buf_span(&out)));
	buf_deinit(&out);
	return made;
}

FILTER(urlencode)
{
	(void)use;
	buf_clear(&e->spare);
	url_escape(&e->spare, text_of(e, value));
	return spare(e);
}

FILTER(ltrim)
{
	struct span s = text_of(e, value);

	while (s.n && use->word.n && span_starts(s, use->word))
		s = span_slice(s, use->word.n, s.n);
	return string(e, s);
}

FILTER(split)
{
	const struct span s = text_of(e, value);
	const size_t base = e->n;
	size_t from = 0;

	if (!use->word.n)
		return value;
	for (size_t i = 0; i <= s.n; i++) {
		const struct tree *part;

		if (i < s.n && !span_starts(span_slice(s, i, s.n), use->word))
			continue;
		part = string(e, span_trim(span_slice(s, from, i)));
		expr_push(e, part);
		from = i + use->word.n;
		i = i < s.n ? from - 1 : i;
	}
	return expr_list_from(e, base);
}

FILTER(tags)
{
	const struct span s = text_of(e, value);
	const size_t base = e->n;
	struct span tag;
	size_t at = 0;

	(void)use;
	if (span_find(s, '#') == s.n)
		return NULL;
	while (expr_spend(e, 1) && pattern_hashtag(&tag, e->scratch, s, &at)) {
		buf_clear(&e->spare);
		pattern_lower(&e->spare, e->scratch, tag);
		expr_push(e, spare(e));
	}
	return expr_list_from(e, base);
}

FILTER(re)
{
	struct span groups[PATTERN_GROUPS];
	const struct span s = text_of(e, value);

	if (!expr_spend(e, 1 + s.n / 64) ||
		!pattern_find(use->pattern, e->scratch, s, 0, groups))
		return NULL;
	return string(e, groups[use->number]);
}

FILTER(sub)
{
	const struct span s = text_of(e, value);

	if (!expr_spend(e, 1 + s.n / 16))
		return NULL;
	buf_clear(&e->spare);
	e->spare.limit_bytes = READ_MAX_MARKUP_BYTES * 2;
	pattern_replace(&e->spare, use->pattern, e->scratch, s, use->word);
	e->spare.limit_bytes = 0;
	return spare(e);
}

/* Primary subtag; not what says "no language" (ISO 639-2 und, zxx; art; X's own qme, qht, qst).
 */
FILTER(lang)
{
	static const char *const none[] = {"und", "zxx", "qme", "qht", "qst", "art"};
	struct span s = span_trim(text_of(e, value));
	size_t n = 0;
	char tag[3];

	(void)use;
	while (n < s.n && s.p[n] != '-' && s.p[n] != '_') {
		const char c = ascii_lower(s.p[n]);

		if (n == sizeof(tag) || c < 'a' || c > 'z')
			return NULL;
		tag[n++] = c;
	}
	s = span_of(tag, n);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (span_eq_str(s, none[i]))
			return NULL;
	return n < 2 ? NULL : string(e, arena_dup(e->arena, s));
}

/* --- Numbers ------------------------------------------------------------------------------ */

static bool number_of(struct span s, double *ret)
{
	char text[64], *end;

	s = span_trim(s);
	if (!s.n || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*ret = strtod(text, &end);
	return *end == '\0' && isfinite(*ret);
}

static bool whole_of(struct span s, int64_t *ret)
{
	uint64_t v = 0;
	const bool minus = s.n && s.p[0] == '-';

	if (s.n == (size_t)minus || s.n > 19)
		return false;
	for (size_t i = minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v > INT64_MAX)
		return false;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static const struct tree *number(struct expr_eval *e, double v)
{
	struct tree *made = arena_alloc(e->arena, sizeof(*made));
	const struct span s = v == floor(v) && fabs(v) < 1e15
				      ? arena_printf(e->arena, "%.0f", v)
				      : arena_printf(e->arena, "%.12g", v);

	if (made)
		*made = (struct tree){.kind = TREE_NUMBER, .n = (uint32_t)s.n, .p = s.p};
	return s.p ? made : NULL;
}

FILTER(int)
{
	struct span s = span_trim(text_of(e, value));
	int64_t whole;
	double v;

	(void)use;
	if (whole_of(s, &whole))
		return string(e, s);
	return number_of(s, &v) ? number(e, trunc(v)) : NULL;
}

/* "1.2K", "1,234", "3M". */
FILTER(num)
{
	static const char marks[] = "kmb";
	char digits[64];
	struct span s = span_trim(text_of(e, value));
	const char *mark = s.n ? strchr(marks, ascii_lower(s.p[s.n - 1])) : NULL;
	size_t n = 0;
	double v;

	(void)use;
	if (mark && *mark)
		s = span_trim(span_slice(s, 0, s.n - 1));
	for (size_t i = 0; i < s.n && n < sizeof(digits); i++)
		if (s.p[i] != ',' && s.p[i] != ' ')
			digits[n++] = s.p[i];
	if (!number_of(span_of(digits, n), &v))
		return NULL;
	if (mark && *mark)
		v *= pow(1000, (double)(mark - marks + 1));
	return number(e, round(v * 1000) / 1000);
}

FILTER(len)
{
	(void)use;
	if (value->kind == TREE_LIST || value->kind == TREE_OBJECT)
		return number(e, value->n);
	return number(e, (double)utf8_length(text_of(e, value)));
}

FILTER(plus)
{
	const struct span a = span_trim(text_of(e, value));
	const struct span b = span_trim(text_of(e, expr_value(e, use->expr)));
	int64_t m, n, sum;
	double x, y;

	if (whole_of(a, &m) && whole_of(b, &n) && !__builtin_add_overflow(m, n, &sum))
		return string(e, arena_printf(e->arena, "%lld", (long long)sum));
	if (number_of(a, &x) && number_of(b, &y))
		return number(e, x + y);
	return value;
}

FILTER(times)
{
	double v;

	return number_of(text_of(e, value), &v) ? number(e, v * (double)use->number) : NULL;
}

/* --- Times -------------------------------------------------------------------------------- */

/* YYYYMMDDTHHMMSSZ, GDELT's; the T and the Z may be missing. */
static struct wall basic_time(struct span s)
{
	int v[6] = {0}, field = 0;
	static const int widths[] = {4, 2, 2, 2, 2, 2};
	size_t i = 0;

	for (; field < 6; field++) {
		if (field == 3 && i < s.n && s.p[i] == 'T')
			i++;
		for (int k = 0; k < widths[field]; k++, i++) {
			if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
				return WALL_NONE;
			v[field] = v[field] * 10 + (s.p[i] - '0');
		}
	}
	if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 || v[4] > 59 ||
		v[5] > 60)
		return WALL_NONE;
	return wall_from_civil(v[0], v[1], v[2], v[3], v[4], v[5]);
}

FILTER(time)
{
	const struct span s = span_trim(text_of(e, value));

	if (value->kind == TREE_TIME)
		return value;
	return time_at(e, span_eq_str(use->word, "basic") ? basic_time(s) : date_parse(s));
}

/* Digits with a fraction that is cut, in units of which `per_second` make a second. */
static struct wall since_1970(struct span s, int64_t per_second)
{
	const bool minus = s.n && s.p[0] == '-';
	int64_t v = 0, whole;
	double approximate;

	s = span_trim(s);
	if (whole_of(span_slice(s, 0, span_find(s, '.')), &whole))
		v = whole;
	else if (number_of(s, &approximate) && fabs(approximate) < 1e18)
		v = (int64_t)approximate;
	else
		return WALL_NONE;
	v = v / per_second - (minus && v % per_second);
	/* Years 0 to 9999. */
	if (v < -62167219200 || v > 253402300799)
		return WALL_NONE;
	return (struct wall){v * 1000};
}

FILTER(epoch)
{
	(void)use;
	return time_at(e, since_1970(text_of(e, value), 1));
}

FILTER(epoch_ms)
{
	(void)use;
	return time_at(e, since_1970(text_of(e, value), 1000));
}

FILTER(epoch_us)
{
	(void)use;
	return time_at(e, since_1970(text_of(e, value), 1000000));
}

/* --- Choosing ----------------------------------------------------------------------------- */

FILTER(map)
{
	const struct span s = text_of(e, value);

	for (size_t i = 0; i < use->n_pairs; i++)
		if (span_eq(use->pairs[i].key, s) || span_eq_str(use->pairs[i].key, "*"))
			return string(e, use->pairs[i].value);
	return NULL;
}

FILTER(nullif)
{
	const struct span s = text_of(e, value);

	for (size_t i = 0; i < use->n_pairs; i++)
		if (span_eq(use->pairs[i].key, s))
			return NULL;
	return value;
}

FILTER(when)
{
	return expr_holds(e, use->condition) ? value : NULL;
}

static bool holds_for(struct expr_eval *e, const struct expr_use *use, const struct tree *one)
{
	const struct tree *item = e->item;
	bool holds;

	e->item = one;
	holds = expr_holds(e, use->condition);
	e->item = item;
	return holds;
}

FILTER(only)
{
	const size_t base = e->n;

	if (value->kind != TREE_LIST)
		return holds_for(e, use, value) ? value : NULL;
	for (uint32_t i = 0; i < value->n && !e->failed; i++)
		if (holds_for(e, use, &value->items[i]))
			expr_push(e, &value->items[i]);
	return expr_list_from(e, base);
}

FILTER(get)
{
	const struct tree *item = e->item;
	const struct tree *made;

	e->item = value;
	made = expr_value(e, use->expr);
	e->item = item;
	return made;
}

FILTER(first)
{
	(void)e;
	(void)use;
	return value->kind == TREE_LIST ? value->n ? &value->items[0] : NULL : value;
}

FILTER(last)
{
	(void)e;
	(void)use;
	return value->kind == TREE_LIST ? value->n ? &value->items[value->n - 1] : NULL : value;
}

FILTER(langkey)
{
	(void)use;
	return value->kind == TREE_OBJECT && value->n
		       ? string(e, span_slice(value->items[0].name, 0, 3))
		       : NULL;
}

/* The name of what has one: itself, its member "name", or (JSON:API) attributes/name. */
FILTER(names)
{
	const struct tree *name = value;

	(void)use;
	if (value->kind == TREE_OBJECT) {
		name = tree_member(value, SPAN("name"));
		if (tree_void(name)) {
			name = tree_member(value, SPAN("attributes"));
			name = name ? tree_member(name, SPAN("name")) : NULL;
		}
	}
	return tree_void(name) ? NULL : string(e, text_of(e, name));
}

/* JSON within a string. */
FILTER(json)
{
	const struct span s = text_of(e, value);
	struct tree *made = arena_alloc(e->arena, sizeof(*made));

	(void)use;
	if (!made || !expr_spend(e, 1 + s.n / 8) || !tree_looks_like_json(s) ||
		tree_json(made, e->arena, s) < 0)
		return NULL;
	return made;
}

/* --- Joins -------------------------------------------------------------------------------- */

static const struct tree *joined(struct expr_eval *e, const struct tree *list, struct span key,
	struct span wanted, struct span type)
{
	if (!list || !wanted.n || (list->kind != TREE_LIST && list->kind != TREE_OBJECT))
		return NULL;
	for (uint32_t i = 0; i < list->n; i++) {
		const struct tree *one = &list->items[i];
		const struct tree *id = tree_member(one, key), *of;

		if (!expr_spend(e, 1))
			return NULL;
		if (!id || !span_eq(tree_text(id, e->arena), wanted))
			continue;
		of = type.n ? tree_member(one, SPAN("type")) : NULL;
		if (!type.n || (of && span_eq(tree_text(of, e->arena), type)))
			return one;
	}
	return NULL;
}

FILTER(lookup)
{
	return joined(e, expr_value(e, use->expr), use->word, text_of(e, value), SPAN_NONE);
}

FILTER(lookup2)
{
	return joined(e, expr_value(e, use->expr), SPAN("id"), text_of(e, value), use->word);
}

const struct filter filters[] = {
	{"html", TAKES_NOTHING, false, filter_html},
	{"unescape", TAKES_NOTHING, false, filter_unescape},
	{"trim", TAKES_NOTHING, false, filter_trim},
	{"lower", TAKES_NOTHING, false, filter_lower},
	{"str", TAKES_NOTHING, false, filter_str},
	{"urldecode", TAKES_NOTHING, false, filter_urldecode},
	{"urlencode", TAKES_NOTHING, false, filter_urlencode},
	{"ltrim", TAKES_STRING, false, filter_ltrim},
	{"split", TAKES_STRING, false, filter_split},
	{"tags", TAKES_NOTHING, false, filter_tags},
	{"re", TAKES_PATTERN_GROUP, false, filter_re},
	{"sub", TAKES_PATTERN_STRING, false, filter_sub},
	{"lang", TAKES_NOTHING, false, filter_lang},
	{"int", TAKES_NOTHING, false, filter_int},
	{"num", TAKES_NOTHING, false, filter_num},
	{"len", TAKES_NOTHING, true, filter_len},
	{"plus", TAKES_EXPR, false, filter_plus},
	{"times", TAKES_NUMBER, false, filter_times},
	{"time", TAKES_WORD_OR_NOTHING, false, filter_time},
	{"epoch", TAKES_NOTHING, false, filter_epoch},
	{"epoch_ms", TAKES_NOTHING, false, filter_epoch_ms},
	{"epoch_us", TAKES_NOTHING, false, filter_epoch_us},
	{"map", TAKES_PAIRS, false, filter_map},
	{"nullif", TAKES_STRINGS, false, filter_nullif},
	{"when", TAKES_CONDITION, true, filter_when},
	{"only", TAKES_CONDITION, true, filter_only},
	{"get", TAKES_EXPR, false, filter_get},
	{"first", TAKES_NOTHING, true, filter_first},
	{"last", TAKES_NOTHING, true, filter_last},
	{"langkey", TAKES_NOTHING, false, filter_langkey},
	{"names", TAKES_NOTHING, false, filter_names},
	{"json", TAKES_NOTHING, false, filter_json},
	{"lookup", TAKES_EXPR_WORD, false, filter_lookup},
	{"lookup2", TAKES_EXPR_WORD, false, filter_lookup2},
	{"lookups2", TAKES_EXPR_WORD, false, filter_lookup2},
	{"date", TAKES_STRING, false, expr_filter_date},
	{"ago", TAKES_STRING, false, expr_filter_ago},
	{"atleast", TAKES_EXPR, false, expr_filter_atleast},
	{"minus", TAKES_EXPR, false, expr_filter_minus},
	{"number", TAKES_NOTHING, false, expr_filter_number},
	{"bool", TAKES_NOTHING, false, expr_filter_bool},
	{"max", TAKES_NOTHING, true, expr_filter_max},
	{"min", TAKES_NOTHING, true, expr_filter_min},
	{"join", TAKES_STRING, true, expr_filter_join},
	{"base64", TAKES_NOTHING, false, expr_filter_base64},
	{"s256", TAKES_NOTHING, false, expr_filter_s256},
	{"hmac", TAKES_EXPR, false, expr_filter_hmac},
	{NULL, TAKES_NOTHING, false, NULL},
};
