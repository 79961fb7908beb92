#include "entry.h"

#include "common.h"

bool entry_of_literal(struct span s, struct entry *ret, double *ret_share)
{
	double best = INFINITY;

	for (size_t i = 0; i < s.n;) {
		const size_t from = i;
		struct entry a;
		double share;

		while (i < s.n &&
			((unsigned char)s.p[i] >= 0x80 || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
				(s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			i++;
		if (i == from) {
			i++;
			continue;
		}
		if (from == 0 && i == s.n) {
			*ret = (struct entry){.kind = ENTRY_INSIDE, .text = s};
			*ret_share = common_share(TOKEN_PATTERN, s) * 4;
			return s.n >= DICTIONARY_INSIDE_MIN;
		}
		a = (struct entry){.text = span_slice(s, from, i)};
		a.kind = from == 0 ? ENTRY_SUFFIX : i == s.n ? ENTRY_PREFIX : ENTRY_WORD;
		share = common_share(a.kind == ENTRY_WORD ? TOKEN_WORD : TOKEN_PREFIX, a.text);
		if (share < best) {
			best = share;
			*ret = a;
		}
	}
	*ret_share = best;
	return best < INFINITY;
}

/* The literal end of a pattern token. */
static struct span tail_of(const struct leaf_token *t)
{
	size_t i = t->text.n;

	while (i && t->text.p[i - 1] != '*' && t->text.p[i - 1] != '?')
		i--;
	return span_slice(t->text, i, t->text.n);
}

struct span entry_inner(struct span pattern)
{
	struct span best = SPAN_NONE;

	for (size_t i = 0; i < pattern.n; i++) {
		const size_t from = i;

		while (i < pattern.n && pattern.p[i] != '*' && pattern.p[i] != '?')
			i++;
		if (i - from > best.n)
			best = span_slice(pattern, from, i);
	}
	return best;
}

/* For a pattern such as *abcde*. */
static bool inner_entry(struct span pattern, struct entry *ret, double *ret_share)
{
	const struct span best = entry_inner(pattern);

	if (best.n < DICTIONARY_INSIDE_MIN)
		return false;
	*ret = (struct entry){.kind = ENTRY_INSIDE, .text = best};
	*ret_share = common_share(TOKEN_PATTERN, best) * 4;
	return true;
}

bool entry_of_token(const struct leaf_token *t, struct entry *ret, double *ret_share)
{
	struct span tail;
	double share;

	if (t->kind == TOKEN_WORD) {
		*ret = (struct entry){.kind = ENTRY_WORD, .text = t->text};
		if (ret_share)
			*ret_share = common_share(TOKEN_WORD, t->text);
		return true;
	}
	if (!ret_share)
		ret_share = &share;
	if (t->head_n) {
		*ret = (struct entry){
			.kind = ENTRY_PREFIX, .text = span_slice(t->text, 0, t->head_n)};
		*ret_share = common_share(TOKEN_PREFIX, ret->text);
		if (t->kind == TOKEN_PREFIX || t->head_n >= 3)
			return true;
	}
	tail = tail_of(t);
	if (!tail.n && !t->head_n)
		return inner_entry(t->text, ret, ret_share);
	if (!tail.n)
		return true;
	if (t->head_n && *ret_share <= common_share(TOKEN_PATTERN, tail))
		return true;
	*ret = (struct entry){.kind = ENTRY_SUFFIX, .text = tail};
	*ret_share = common_share(TOKEN_PATTERN, tail);
	return true;
}
