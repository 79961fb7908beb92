/*
 * values: tests of an item's values and numbers.
 */
#include "scratch.h"

static char lang_char(char c)
{
	return c == '_' ? '-' : ascii_lower(c);
}

bool lang_is(struct span lang, struct span wanted)
{
	if (lang.n < wanted.n || !lang.n)
		return false;
	for (size_t i = 0; i < wanted.n; i++)
		if (lang_char(lang.p[i]) != wanted.p[i])
			return false;
	return lang.n == wanted.n || lang_char(lang.p[wanted.n]) == '-';
}

/* `wanted` is in lower case. */
static bool contains_ci(struct span s, struct span wanted)
{
	for (size_t i = 0; i + wanted.n <= s.n; i++)
		if (span_eq_ci(span_slice(s, i, i + wanted.n), wanted))
			return true;
	return false;
}

/* Host of an absolute URL, without user, port and trailing dot. */
static struct span host_of(struct span url)
{
	struct span s = SPAN_NONE;
	size_t end = 0;

	for (size_t i = 0; i + 3 <= url.n && !s.p; i++)
		if (memcmp(url.p + i, "://", 3) == 0)
			s = span_slice(url, i + 3, url.n);
	while (end < s.n && !strchr("/?#\\", s.p[end]))
		end++;
	s.n = end;
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '@') {
			s = span_slice(s, i, s.n);
			break;
		}
	if (s.n && s.p[0] == '[') {
		s.n = span_find(s, ']') < s.n ? span_find(s, ']') + 1 : s.n;
		return s;
	}
	s.n = span_find(s, ':');
	while (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

static bool site_is(struct span url, struct span wanted)
{
	const struct span host = host_of(url);

	if (host.n < wanted.n || !host.n)
		return false;
	return span_eq_ci(span_slice(host, host.n - wanted.n, host.n), wanted) &&
	       (host.n == wanted.n || host.p[host.n - wanted.n - 1] == '.');
}

static bool tagged(struct ruleset_scratch *s, struct span wanted)
{
	for (size_t i = 0; i < s->item->n_tags; i++) {
		buf_clear(&s->work);
		fold_text(&s->work, s->item->tags[i]);
		if (s->work.failed)
			s->no_memory = true;
		else if (s->item->tags[i].n && span_eq(buf_span(&s->work), wanted))
			return true;
	}
	return false;
}

bool value_holds(struct ruleset_scratch *s, const struct value_test *test)
{
	switch (test->field) {
	case VALUE_LANG:
		return lang_is(s->item->lang, test->value);
	case VALUE_SOURCE:
		return s->context && s->context->source.n &&
		       span_eq_ci(s->context->source, test->value);
	case VALUE_TAG:
		return tagged(s, test->value);
	case VALUE_SITE:
		return site_is(s->item->url, test->value);
	case VALUE_URL:
		return contains_ci(s->item->url, test->value);
	case VALUE_FIELDS:
		break;
	}
	return false;
}

bool number_holds(const struct ruleset_scratch *s, const struct number_test *test)
{
	const struct item *item = s->item;
	const struct item_numbers *n = &item->numbers;
	const double values[NUMBER_FIELDS] = {item->author.followers, n->likes, n->shares,
		n->replies, n->views, n->rating, n->score, n->reach,
		s->context && s->context->engagement_given ? n->total : item_engagement(n)};
	const double v = values[test->field];

	return !isnan(v) && (test->low_in ? v >= test->low : v > test->low) &&
	       (test->high_in ? v <= test->high : v < test->high);
}
