#include "desk_asking.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "line/codec.h"
#include "line/codec_hit.h"
#include "vigie/story.h"

/* One document on its way. */
struct question {
	struct question *next;
	struct desk_asking *asking;
	struct http_ask *ask;
	struct dispatch_desk *desk;
	struct config *config; /* a reference */
	json_t *document;      /* texts of the hit are in it */
	struct arena arena;
	struct hit hit;
	struct wall now;
};

struct desk_asking {
	struct archive *archive;
	struct question *questions;
};

static void end(struct question *q)
{
	struct question **at = &q->asking->questions;

	while (*at && *at != q)
		at = &(*at)->next;
	if (*at)
		*at = q->next;
	json_decref(q->document);
	config_unref(q->config);
	arena_release(&q->arena);
	free(q);
}

static void refuse(struct question *q, int status, const char *why)
{
	http_reply_text(q->ask, status, why);
	end(q);
}

static void reply(struct question *q, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	if (text)
		http_reply(q->ask, 200, "application/json", NULL, 0, span_str(text));
	else
		http_reply_text(q->ask, 500, "out of memory");
	free(text);
	end(q);
}

/* --- Answering -----------------------------------------------------------------------------
 */

/* What it may still bear. */
static json_t *budget_json(const struct question *q, struct span id)
{
	static const char *const per[] = {"hour", "day", "week"};
	const struct policy *policy = &q->config->policy;
	const struct desk *desk = dispatch_desk_look(q->desk);
	struct desk_receiver_view view;
	json_t *list = json_array();

	for (size_t i = 0; i < policy->n_receivers; i++) {
		const struct receiver *r = &policy->receivers[i];

		if (!span_eq(r->id, id))
			continue;
		for (size_t k = 0; desk_receiver(desk, k, q->now, &view); k++)
			for (size_t b = 0; span_eq(view.id, id) && b < r->n_budgets; b++)
				(void)json_array_append_new(
					list, json_pack("{s:I,s:s,s:I}", "most",
						      (json_int_t)r->budgets[b].most, "per",
						      per[r->budgets[b].per], "used",
						      (json_int_t)view.used[b]));
	}
	return list;
}

static json_t *answer_json(const struct question *q, const struct desk_answer *a)
{
	char at[RFC3339_SIZE];

	return json_pack("{s:s%,s:s%,s:s%,s:s,s:o,s:s%,s:o}", "receiver", a->receiver.p,
		a->receiver.n, "route", a->route.p ? a->route.p : "", a->route.n, "group",
		a->group.p ? a->group.p : "", a->group.n, "outcome",
		desk_outcome_names[a->verdict.outcome], "at",
		wall_known(a->verdict.at) ? json_string(wall_rfc3339(at, a->verdict.at))
					  : json_null(),
		"why", a->verdict.why.p ? a->verdict.why.p : "", a->verdict.why.n, "budget",
		budget_json(q, a->receiver));
}

static json_t *story_json(const struct story_place *place)
{
	char head[ITEM_KEY_TEXT + 1];

	if (!place || place->why == STORY_HEAD)
		return json_null();
	return json_pack("{s:s,s:s,s:f,s:I,s:I}", "id", item_key_text(head, &place->head),
		"why", story_why_names[place->why], "similarity", place->similarity, "mentions",
		(json_int_t)place->mentions, "sites", (json_int_t)place->sites);
}

static void on_place(void *arg, const struct story_place *place)
{
	struct question *q = arg;
	const struct desk_candidate candidate = {.kind = DESK_MENTION,
		.hit = &q->hit,
		.place = place && place->why != STORY_HEAD ? place : NULL};
	const struct desk *desk = dispatch_desk_look(q->desk);
	const struct desk_answer *answers;
	json_t *list;
	size_t n;

	if (!desk) {
		refuse(q, 503, "Redis is away: ask again in a moment");
		return;
	}
	if (desk_ask(desk, &candidate, q->now, &q->arena, &answers, &n) < 0) {
		refuse(q, 503, "out of memory");
		return;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, answer_json(q, &answers[i]));
	reply(q, json_pack("{s:b,s:o,s:o}", "wanted", true, "story", story_json(place),
			 "answers", list));
}

/* --- Asking --------------------------------------------------------------------------------
 */

static void take_source_tags(struct question *q)
{
	for (size_t i = 0; i < q->config->n_sources; i++) {
		if (!span_eq(q->config->sources[i]->id, q->hit.source))
			continue;
		q->hit.source_tags = q->config->sources[i]->tags;
		q->hit.n_source_tags = q->config->sources[i]->n_tags;
	}
}

/* 0, -EINVAL: no document; -ENOMEM. */
static int match(struct question *q)
{
	struct ruleset_scratch *scratch = NULL;
	struct match_context context;
	struct match *matches = NULL;
	int r;

	q->hit.fetched = q->now;
	r = item_from_json(&q->hit.item, &context, q->document, &q->arena);
	if (r == 0)
		r = ruleset_scratch_new(&scratch, q->config->rules);
	if (r == 0)
		r = ruleset_match(q->config->rules, scratch, &q->hit.item, &context, &q->arena,
			&matches, &q->hit.n_matches);
	ruleset_scratch_free(scratch);
	if (r < 0)
		return r;
	q->hit.matches = matches;
	q->hit.source = context.source;
	for (size_t i = 0; i < q->hit.n_matches; i++)
		q->hit.score += matches[i].weight;
	take_source_tags(q);
	return 0;
}

static void ask_archive(struct question *q)
{
	struct buf bytes = {0};

	hit_encode(&bytes, &q->hit);
	if (bytes.failed)
		refuse(q, 503, "out of memory");
	else
		archive_place(q->asking->archive, buf_span(&bytes), on_place, q);
	buf_deinit(&bytes);
}

void desk_asking_serve(struct desk_asking *asking, struct dispatch_desk *desk,
	struct config *config, struct wall now, struct http_ask *ask)
{
	struct question *q = calloc(1, sizeof(*q));
	int r;

	if (!q) {
		http_reply_text(ask, 503, "out of memory");
		return;
	}
	*q = (struct question){.next = asking->questions,
		.asking = asking,
		.ask = ask,
		.desk = desk,
		.config = config_ref(config),
		.document = json_loadb(ask->body.p ? ask->body.p : "", ask->body.n, 0, NULL),
		.now = now};
	asking->questions = q;
	r = match(q);
	if (r < 0)
		refuse(q, r == -EINVAL ? 400 : 503,
			r == -EINVAL ? "one JSON object is asked about" : "out of memory");
	else if (!q->hit.n_matches)
		reply(q, json_pack("{s:b,s:n,s:[]}", "wanted", false, "story", "answers"));
	else
		ask_archive(q);
}

/* --- Life ----------------------------------------------------------------------------------
 */

int desk_asking_new(struct desk_asking **ret, struct archive *archive)
{
	struct desk_asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		return -ENOMEM;
	asking->archive = archive;
	*ret = asking;
	return 0;
}

struct desk_asking *desk_asking_free(struct desk_asking *asking)
{
	while (asking && asking->questions)
		refuse(asking->questions, 503, "vigie ends");
	free(asking);
	return NULL;
}
