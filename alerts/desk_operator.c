/*
 * desk_operator: silences, mutes and acknowledgements: what an operator says at run time,
 * beside what the policy says.
 */

#include "desk_inner.h"

#include <errno.h>
#include <stdlib.h>

/* --- What is kept --------------------------------------------------------------------------
 */

static int copy_span(struct arena *arena, struct span *s)
{
	*s = arena_dup(arena, *s);
	return s->p ? 0 : -ENOMEM;
}

static int copy_match(struct arena *arena, struct route_match *ret, const struct route_match *m)
{
	struct span *values = arena_calloc(arena, m->n_values + 1, sizeof(*values));
	struct route_range *ranges = arena_calloc(arena, m->n_values + 1, sizeof(*ranges));

	if (!values || !ranges)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_values; i++) {
		values[i] = m->values[i];
		if (copy_span(arena, &values[i]) < 0)
			return -ENOMEM;
		if (m->ranges)
			ranges[i] = m->ranges[i];
	}
	*ret = (struct route_match){m->key, values, m->n_values, m->ranges ? ranges : NULL};
	return 0;
}

static int copy_silence(struct arena *arena, struct silence *s)
{
	struct route_match *matches = arena_calloc(arena, s->n_matches + 1, sizeof(*matches));

	if (!matches)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_matches; i++)
		if (copy_match(arena, &matches[i], &s->matches[i]) < 0)
			return -ENOMEM;
	s->matches = matches;
	return copy_span(arena, &s->id) || copy_span(arena, &s->receiver) ||
			       copy_span(arena, &s->author) || copy_span(arena, &s->comment)
		       ? -ENOMEM
		       : 0;
}

static void silence_free(struct desk_silence *s)
{
	arena_release(&s->arena);
	free(s);
}

static void mute_free(struct desk_mute *m)
{
	arena_release(&m->arena);
	free(m);
}

void desk_operators_free(struct desk *desk)
{
	for (size_t i = 0; i < desk->n_silences; i++)
		silence_free(desk->silences[i]);
	for (size_t i = 0; i < desk->n_mutes; i++)
		mute_free(desk->mutes[i]);
	free(desk->silences);
	free(desk->mutes);
}

static int mute_cmp(const struct mute *a, const struct mute *b)
{
	const int value = span_cmp(a->value, b->value);

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return value ? value : span_cmp(a->receiver, b->receiver);
}

/* Where it stands, or would. */
static bool find_silence(const struct desk *desk, struct span id, size_t *ret)
{
	int c = 1;

	for (*ret = 0; *ret < desk->n_silences; ++*ret) {
		c = span_cmp(desk->silences[*ret]->silence.id, id);
		if (c >= 0)
			break;
	}
	return *ret < desk->n_silences && c == 0;
}

static bool find_mute(const struct desk *desk, const struct mute *mute, size_t *ret)
{
	int c = 1;

	for (*ret = 0; *ret < desk->n_mutes; ++*ret) {
		c = mute_cmp(&desk->mutes[*ret]->mute, mute);
		if (c >= 0)
			break;
	}
	return *ret < desk->n_mutes && c == 0;
}

int desk_silence_put(struct desk *desk, const struct silence *silence)
{
	struct desk_silence *s = calloc(1, sizeof(*s)), **grown;
	size_t at;

	if (!s)
		return -ENOMEM;
	s->silence = *silence;
	grown = realloc(desk->silences, (desk->n_silences + 1) * sizeof(struct desk_silence *));
	if (grown)
		desk->silences = grown;
	if (!grown || copy_silence(&s->arena, &s->silence) < 0) {
		silence_free(s);
		return -ENOMEM;
	}
	if (find_silence(desk, silence->id, &at)) {
		silence_free(desk->silences[at]);
	} else {
		memmove(&desk->silences[at + 1], &desk->silences[at],
			(desk->n_silences - at) * sizeof(struct desk_silence *));
		desk->n_silences++;
	}
	desk->silences[at] = s;
	return 0;
}

int desk_mute_put(struct desk *desk, const struct mute *mute)
{
	struct desk_mute *m = calloc(1, sizeof(*m)), **grown;
	size_t at;

	if (!m)
		return -ENOMEM;
	m->mute = *mute;
	grown = realloc(desk->mutes, (desk->n_mutes + 1) * sizeof(struct desk_mute *));
	if (grown)
		desk->mutes = grown;
	if (!grown || copy_span(&m->arena, &m->mute.value) < 0 ||
		copy_span(&m->arena, &m->mute.receiver) < 0) {
		mute_free(m);
		return -ENOMEM;
	}
	if (find_mute(desk, mute, &at)) {
		mute_free(desk->mutes[at]);
	} else {
		memmove(&desk->mutes[at + 1], &desk->mutes[at],
			(desk->n_mutes - at) * sizeof(struct desk_mute *));
		desk->n_mutes++;
	}
	desk->mutes[at] = m;
	return 0;
}

static void silence_take_out(struct desk *desk, size_t at)
{
	desk_record_silence(desk, &desk->silences[at]->silence, true);
	silence_free(desk->silences[at]);
	desk->n_silences--;
	memmove(&desk->silences[at], &desk->silences[at + 1],
		(desk->n_silences - at) * sizeof(struct desk_silence *));
}

static void mute_take_out(struct desk *desk, size_t at)
{
	desk_record_mute(desk, &desk->mutes[at]->mute, true);
	mute_free(desk->mutes[at]);
	desk->n_mutes--;
	memmove(&desk->mutes[at], &desk->mutes[at + 1],
		(desk->n_mutes - at) * sizeof(struct desk_mute *));
}

static bool is_over(struct wall until, struct wall now)
{
	return wall_known(until) && until.ms <= now.ms;
}

void desk_operators_end(struct desk *desk, struct wall now)
{
	for (size_t i = desk->n_silences; i-- > 0;)
		if (is_over(desk->silences[i]->silence.until, now))
			silence_take_out(desk, i);
	for (size_t i = desk->n_mutes; i-- > 0;)
		if (is_over(desk->mutes[i]->mute.until, now))
			mute_take_out(desk, i);
}

/* --- Whether they hold ---------------------------------------------------------------------
 */

static bool is_for(struct span wanted, struct span receiver)
{
	return span_empty(wanted) || span_eq(wanted, receiver);
}

static bool holds(const struct silence *s, const struct desk_asked *asked, struct span receiver,
	struct arena *arena, int *r)
{
	bool all = false;

	if (!is_for(s->receiver, receiver) || is_over(s->until, asked->now) ||
		(wall_known(s->from) && asked->now.ms < s->from.ms))
		return false;
	*r = route_matches(s->matches, s->n_matches, &asked->subject, arena, &all);
	return *r == 0 && all;
}

const struct silence *desk_silenced(const struct desk *desk, const struct desk_asked *asked,
	struct span receiver, struct arena *arena, int *r)
{
	for (size_t i = 0; i < desk->policy->n_silences && *r == 0; i++)
		if (holds(&desk->policy->silences[i], asked, receiver, arena, r))
			return &desk->policy->silences[i];
	for (size_t i = 0; i < desk->n_silences && *r == 0; i++)
		if (holds(&desk->silences[i]->silence, asked, receiver, arena, r))
			return &desk->silences[i]->silence;
	return NULL;
}

static bool mutes(const struct mute *m, const struct desk_asked *asked, struct span receiver,
	struct arena *arena, int *r)
{
	const struct route_match match = {m->key, &m->value, 1, NULL};
	bool all = false;

	if (!is_for(m->receiver, receiver) || is_over(m->until, asked->now))
		return false;
	*r = route_matches(&match, 1, &asked->subject, arena, &all);
	return *r == 0 && all;
}

const struct mute *desk_muted(const struct desk *desk, const struct desk_asked *asked,
	struct span receiver, struct arena *arena, int *r)
{
	for (size_t i = 0; i < desk->policy->n_mutes && *r == 0; i++)
		if (mutes(&desk->policy->mutes[i], asked, receiver, arena, r))
			return &desk->policy->mutes[i];
	for (size_t i = 0; i < desk->n_mutes && *r == 0; i++)
		if (mutes(&desk->mutes[i]->mute, asked, receiver, arena, r))
			return &desk->mutes[i]->mute;
	return NULL;
}

bool desk_has_operators(const struct desk *desk)
{
	return desk->n_silences || desk->n_mutes || desk->policy->n_silences ||
	       desk->policy->n_mutes;
}

/* --- Steps ---------------------------------------------------------------------------------
 */

static bool is_name(struct span s)
{
	enum { LONGEST = 64 };

	for (size_t i = 0; i < s.n; i++) {
		const char c = ascii_lower(s.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && !strchr("_.-", c))
			return false;
	}
	return s.n && s.n <= LONGEST;
}

static size_t size_of(const struct silence *s)
{
	size_t n = s->receiver.n + s->author.n + s->comment.n;

	for (size_t i = 0; i < s->n_matches; i++)
		for (size_t k = 0; k < s->matches[i].n_values; k++)
			n += s->matches[i].values[k].n + sizeof(struct route_range);
	return n;
}

int desk_silence(struct desk *desk, const struct silence *silence, struct wall now,
	struct desk_step *ret)
{
	size_t at;
	int r;

	if (!is_name(silence->id) || is_over(silence->until, now) ||
		(wall_known(silence->from) && is_over(silence->until, silence->from)))
		return DESK_INVALID;
	if (size_of(silence) > DESK_OPERATOR_TEXT ||
		(desk->n_silences >= DESK_OPERATOR_MOST &&
			!find_silence(desk, silence->id, &at)))
		return DESK_FULL;
	desk_step_begin(desk);
	r = desk_silence_put(desk, silence);
	if (r < 0)
		return r;
	desk_record_silence(desk, silence, false);
	return desk_step_end(desk, now, ret);
}

int desk_unsilence(struct desk *desk, struct span id, struct wall now, struct desk_step *ret)
{
	size_t at;

	if (!find_silence(desk, id, &at))
		return DESK_UNKNOWN;
	desk_step_begin(desk);
	silence_take_out(desk, at);
	return desk_step_end(desk, now, ret);
}

int desk_mute(
	struct desk *desk, const struct mute *mute, struct wall now, struct desk_step *ret)
{
	size_t at;
	int r;

	if ((mute->key != ROUTE_AUTHOR && mute->key != ROUTE_SITE) || !mute->value.n ||
		is_over(mute->until, now))
		return DESK_INVALID;
	if (mute->value.n + mute->receiver.n > DESK_OPERATOR_TEXT ||
		(desk->n_mutes >= DESK_OPERATOR_MOST && !find_mute(desk, mute, &at)))
		return DESK_FULL;
	desk_step_begin(desk);
	r = desk_mute_put(desk, mute);
	if (r < 0)
		return r;
	desk_record_mute(desk, mute, false);
	return desk_step_end(desk, now, ret);
}

int desk_unmute(
	struct desk *desk, const struct mute *mute, struct wall now, struct desk_step *ret)
{
	size_t at;

	if (!find_mute(desk, mute, &at))
		return DESK_UNKNOWN;
	desk_step_begin(desk);
	mute_take_out(desk, at);
	return desk_step_end(desk, now, ret);
}

/* A pile that only waited to be repeated is looked at at once, and forgotten. */
static bool acknowledge(struct desk *desk, struct pile *pile, struct wall now)
{
	if (pile->kind != PILE_GROUP || pile->told_ms == INT64_MIN || pile->acked)
		return false;
	pile->acked = true;
	pile_changed(desk, pile);
	if (!pile->n)
		pile_due(desk, pile, now.ms);
	return true;
}

int desk_ack(struct desk *desk, struct span name, struct span receiver, struct wall now,
	struct desk_step *ret)
{
	struct item_key head;
	const bool is_story = item_key_parse(&head, name);
	bool any = false;

	if (!desk->policy)
		return -EINVAL;
	desk_step_begin(desk);
	for (struct pile *p = desk->piles; p; p = p->hh.next) {
		if (!p->receiver || !is_for(receiver, p->receiver->id))
			continue;
		if (is_story ? memcmp(&p->told.story, &head, sizeof(head)) == 0
			     : span_eq_str(name, p->text))
			any |= acknowledge(desk, p, now);
	}
	for (struct desk_receiver_state *s = desk->receivers; is_story && s; s = s->hh.next) {
		struct desk_story *story =
			is_for(receiver, s->id) ? story_told_find(desk, s, &head) : NULL;

		if (!story || story->acked || story->state != STORY_TOLD)
			continue;
		story->acked = any = true;
		story_told_changed(desk, story);
	}
	return any ? desk_step_end(desk, now, ret) : DESK_UNKNOWN;
}

/* --- Lists ---------------------------------------------------------------------------------
 */

int desk_silences(
	const struct desk *desk, struct arena *arena, const struct silence **ret, size_t *ret_n)
{
	struct silence *list = arena_calloc(arena, desk->n_silences + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < desk->n_silences; i++) {
		list[i] = desk->silences[i]->silence;
		if (copy_silence(arena, &list[i]) < 0)
			return -ENOMEM;
	}
	*ret = list;
	*ret_n = desk->n_silences;
	return 0;
}

int desk_mutes(
	const struct desk *desk, struct arena *arena, const struct mute **ret, size_t *ret_n)
{
	struct mute *list = arena_calloc(arena, desk->n_mutes + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < desk->n_mutes; i++) {
		list[i] = desk->mutes[i]->mute;
		if (copy_span(arena, &list[i].value) < 0 ||
			copy_span(arena, &list[i].receiver) < 0)
			return -ENOMEM;
	}
	*ret = list;
	*ret_n = desk->n_mutes;
	return 0;
}
