/*
 * explain: why something came, or the first stage that stopped it; from the archive, the store
 * of passed-over items and the running daemon, in that order. What none of them knows is said
 * to be unknown, with how far back they reach.
 */

#include "cli/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "config/path.h"
#include "cli/explain_rules.h"
#include "cli/mentions.h"
#include "cli/state_folder.h"
#include "config/config.h"
#include "io/http.h"
#include "line/archive.h"
#include "line/archive_passed_over.h"
#include "line/codec_mention.h"
#include "printer.h"
#include "sources/url.h"

struct explaining {
	struct arena arena;
	struct span what;
	const char *folder;
	json_t *mentions;    /* each with "outcomes" */
	json_t *passed_over; /* items */
	json_t *sources;     /* of the same site, as the daemon sees them */
	json_t *rules;       /* of a passed-over item: rule by rule why not */
	json_t *deliveries;  /* of the last mention, those that are on their way and those that
				were */
	struct archive_deed erased; /* of the last mention; at: WALL_NONE: it is whole */
	bool other_address;         /* it was asked for by another address than its own */
	const char *config;
	bool daemon;
	struct wall archive_since, passed_since;
	struct span why; /* something could not be read */
};

/* A mention as its export line, as JSON. */
static json_t *mention_json(const struct hit *hit)
{
	struct buf line = {0};
	json_t *root;

	mention_write_json(&line, hit);
	root = json_loadb(line.p ? line.p : "", line.n, 0, NULL);
	buf_deinit(&line);
	return root;
}

static bool on_mention(void *arg, const struct hit *hit)
{
	struct explaining *e = arg;
	json_t *one = mention_json(hit);

	(void)json_object_set_new(one, "outcomes", json_array());
	return json_array_append_new(e->mentions, one) == 0;
}

static bool on_outcome(void *arg, const struct archive_outcome *o)
{
	char at[RFC3339_SIZE];
	json_t *one = json_object();

	(void)json_object_set_new(one, "receiver", json_stringn(o->receiver.p, o->receiver.n));
	(void)json_object_set_new(one, "outcome", json_stringn(o->outcome.p, o->outcome.n));
	(void)json_object_set_new(one, "delivery",
		o->delivery.n ? json_stringn(o->delivery.p, o->delivery.n) : json_null());
	(void)json_object_set_new(one, "at", json_string(wall_rfc3339(at, o->at)));
	(void)json_object_set_new(one, "until",
		wall_known(o->until) ? json_string(wall_rfc3339(at, o->until)) : json_null());
	(void)json_object_set_new(
		one, "why", o->why.n ? json_stringn(o->why.p, o->why.n) : json_null());
	return json_array_append_new(arg, one) == 0;
}

static void on_passed_over(void *arg, const struct hit *item)
{
	struct explaining *e = arg;

	(void)json_array_append_new(e->passed_over, mention_json(item));
}

static const char *path_of(struct explaining *e, const char *name)
{
	const struct span path = arena_printf(&e->arena, "%s/%s", e->folder, name);

	return path.p ? path.p : "";
}

/* What was taken out of the archive again keeps its key. */
static int look_for_erasure(struct explaining *e, struct archive_reader *reader)
{
	const json_t *last = json_array_get(e->mentions, json_array_size(e->mentions) - 1);
	const char *key = json_string_value(json_object_get(last, "key"));
	int r = archive_erased(
		reader, key ? span_str(key) : e->what, &e->erased, &e->arena, &e->why);

	return r < 0 ? r : 0;
}

static void look_in_archive(struct explaining *e)
{
	struct archive_reader *reader = NULL;
	struct archive_reach reach;
	json_t *one;
	size_t i;
	int r = archive_reader_new(&reader, path_of(e, ARCHIVE_FILE), &e->arena, &e->why);

	if (r < 0)
		return;
	r = archive_lookup(reader, e->what, on_mention, e, &e->arena, &e->why);
	if (r == 0 && !json_array_size(e->mentions)) {
		r = archive_lookup_page(reader, e->what, on_mention, e, &e->arena, &e->why);
		e->other_address = json_array_size(e->mentions) > 0;
	}
	if (r == 0)
		r = look_for_erasure(e, reader);
	json_array_foreach (e->mentions, i, one) {
		struct item_key key;

		if (r == 0 && item_key_parse(&key,
				      span_str(json_string_value(json_object_get(one, "key")))))
			r = archive_ledger(reader, &key, WALL_NONE, WALL_NONE, on_outcome,
				json_object_get(one, "outcomes"), &e->arena, &e->why);
	}
	if (r == 0 &&
		archive_reach(reader, &reach, WALL_NONE, WALL_NONE, &e->arena, &e->why) == 0)
		e->archive_since = reach.since;
	archive_reader_free(reader);
}

static void look_in_passed_over(struct explaining *e)
{
	const char *path = path_of(e, ARCHIVE_PASSED_OVER_FILE);
	struct archive_passed_over_stats stats;
	struct span why;

	/* A store that is not there yet reaches back nowhere; that is said. */
	if (archive_passed_over_reach(&stats, path, &e->arena, &why) < 0)
		return;
	e->passed_since = stats.since;
	(void)archive_passed_over_find(path, e->what, on_passed_over, e, &e->arena, &why);
}

/* Rule by rule, by the configuration as it is now; without one that is left out. */
static void ask_rules(struct explaining *e)
{
	const char *path = e->config ? e->config : config_path_default();
	struct err_list errors = {0};
	struct config *config = NULL;

	if (path && json_array_size(e->passed_over) &&
		config_load(&config, path, NULL, &errors) == 0)
		(void)explain_rules(e->rules, config->rules, json_array_get(e->passed_over, 0));
	err_list_deinit(&errors);
	config_unref(config);
}

static json_t *ask_json(struct explaining *e, const char *path)
{
	struct buf answer = {0};
	json_t *root = NULL;
	int status = 0;

	if (http_control_ask(path_of(e, "control.sock"), "GET", path, SPAN_NONE, &answer,
		    &status) == 0 &&
		status == 200)
		root = json_loadb(answer.p ? answer.p : "", answer.n, 0, NULL);
	buf_deinit(&answer);
	return root;
}

/* The delivery of an id, if it is of this mention. */
static void ask_delivery(struct explaining *e, const char *id, const char *key)
{
	const struct span path = arena_printf(&e->arena, "/deliveries/%s", id);
	json_t *one = path.p ? ask_json(e, path.p) : NULL;
	const json_t *k;
	size_t i;

	json_array_foreach (json_object_get(one, "keys"), i, k) {
		if (strcmp(json_string_value(k) ? json_string_value(k) : "", key) == 0) {
			(void)json_array_append(e->deliveries, one);
			break;
		}
	}
	json_decref(one);
}

/* Those the ledger names, with every try; else those that are not settled yet. */
static void ask_deliveries(struct explaining *e)
{
	const json_t *m = json_array_get(e->mentions, json_array_size(e->mentions) - 1);
	const char *key = answer_text(m, "key");
	json_t *root;
	const json_t *one;
	size_t i;

	if (!m || !e->daemon)
		return;
	json_array_foreach (json_object_get(m, "outcomes"), i, one)
		if (answer_text(one, "delivery")[0])
			ask_delivery(e, answer_text(one, "delivery"), key);
	root = ask_json(e, "/deliveries");
	json_array_foreach (json_object_get(root, "deliveries"), i, one) {
		const char *state = answer_text(one, "state");

		if (strcmp(state, "waiting") == 0 || strcmp(state, "sending") == 0 ||
			strcmp(state, "parked") == 0)
			ask_delivery(e, answer_text(one, "id"), key);
	}
	json_decref(root);
}

/* The sources whose address is on the same site. */
static void ask_sources(struct explaining *e)
{
	const struct span site =
		url_registrable_domain(&e->arena, url_host(&e->arena, e->what));
	json_t *root = ask_json(e, "/status"), *one;
	size_t i;

	e->daemon = root != NULL;
	json_array_foreach (json_object_get(root, "sources"), i, one) {
		const struct span url =
			span_str(json_string_value(json_object_get(one, "url")));
		const struct span host = url_host(&e->arena, url);

		if (site.n && span_eq(site, url_registrable_domain(&e->arena, host)))
			(void)json_array_append(e->sources, one);
	}
	json_decref(root);
}

/* --- What it comes to
 * --------------------------------------------------------------------------- */

static struct span since_text(struct explaining *e, struct wall since)
{
	char text[RFC3339_SIZE];

	return wall_known(since)
		       ? arena_printf(&e->arena, "since %s", wall_rfc3339(text, since))
		       : SPAN("(it holds nothing yet)");
}

/* "air-france, klm" */
static struct span rules_of(struct explaining *e, const json_t *mention)
{
	const json_t *m;
	struct buf list = {0};
	struct span ret;
	size_t i;

	json_array_foreach (json_object_get(mention, "matches"), i, m)
		buf_addf(&list, "%s%s", i ? ", " : "", answer_text(m, "rule"));
	ret = arena_dup(&e->arena, buf_span(&list));
	buf_deinit(&list);
	return ret;
}

/* What an outcome of the ledger means: one row each. */
static const struct {
	const char *outcome, *means;
} verdicts[] = {
	{"dead", "its message was given up and is a dead letter (vigie deliveries)"},
	{"dropped", "its message was dropped by hand"},
	{"muted", "a mute holds for its author or its site"},
	{"silenced", "a silence holds for it"},
	{"folded", "it is a copy of a story the receiver hears of anyhow"},
	{"waiting", "it waits in its group"},
	{"held", "quiet hours, an interval or the rate hold it back for now"},
	{"budget", "the receiver's budget was used up by what scored higher, so it waits for "
		   "the digest"},
	{"digest", "it waits for the receiver's digest"},
	{"sending", "its message is on its way"},
	{"erased", "it was erased before it could be told"},
};

/* "it waits in its group, until 2026-11-21T17:30:00Z (group_wait 30 s)" */
static struct span meaning(struct explaining *e, const json_t *outcome)
{
	const char *word = answer_text(outcome, "outcome"),
		   *until = answer_text(outcome, "until"), *why = answer_text(outcome, "why");
	const char *means = NULL;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (strcmp(verdicts[i].outcome, word) == 0)
			means = verdicts[i].means;
	return arena_printf(&e->arena, "%s%s%s%s%s%s%s%s", means ? means : "the outcome is \"",
		means ? "" : word, means ? "" : "\"", until[0] ? ", until " : "", until,
		why[0] ? " (" : "", why, why[0] ? ")" : "");
}

/* ", a copy of story 0f1e… at similarity 0.93 (by its text)"; empty for a story's first. */
static struct span copy_text(struct explaining *e, const json_t *m)
{
	const json_t *story = json_object_get(m, "story");
	const char *why = answer_text(story, "why");

	if (!why[0] || strcmp(why, "head") == 0)
		return SPAN("");
	return arena_printf(&e->arena, ", a copy of story %s at similarity %.2f (by its %s)",
		answer_text(story, "id"),
		json_number_value(json_object_get(story, "similarity")), why);
}

/* "It came through feed, a copy of …, and rule acme wanted it": how each sentence begins. */
static struct span beginning(struct explaining *e, const json_t *m)
{
	const struct span rules = rules_of(e, m), copy = copy_text(e, m);
	const struct span known = e->other_address
					  ? arena_printf(&e->arena, "It is known as %s: it",
						    answer_text(m, "url"))
					  : SPAN("It");

	return arena_printf(&e->arena, "%.*s came through %s%.*s, rule %.*s wanted it",
		SPAN_ARG(known), answer_text(m, "source"), SPAN_ARG(copy), SPAN_ARG(rules));
}

/* A message on its way: the last try says why it is not there yet. */
static struct span waiting_text(struct explaining *e, const char **ret_stage)
{
	const json_t *d, *tries, *last;
	size_t i;

	json_array_foreach (e->deliveries, i, d) {
		const char *state = answer_text(d, "state");

		if (strcmp(state, "waiting") != 0 && strcmp(state, "sending") != 0 &&
			strcmp(state, "parked") != 0)
			continue;
		tries = json_object_get(d, "tries");
		last = json_array_get(tries, json_array_size(tries) - 1);
		*ret_stage = last ? "retrying" : "waiting";
		if (!last)
			return arena_printf(&e->arena, "its message to %s waits its turn",
				answer_text(d, "receiver"));
		return arena_printf(&e->arena,
			"its message to %s failed %zu times so far, the last with status %lld "
			"(%s); "
			"it is tried again at %s",
			answer_text(d, "receiver"), json_array_size(tries),
			(long long)json_integer_value(json_object_get(last, "status")),
			answer_text(last, "why"), answer_text(d, "next"));
	}
	return SPAN_NONE;
}

/* What the ledger says of a mention, receiver by receiver. */
struct told {
	size_t n, sent, digested; /* receivers; of them told in a message, in a digest */
	const json_t *bad;        /* one that is not told, and will not be */
	const json_t *waits;      /* one that is not told yet */
};

static struct told told_of(const json_t *mention)
{
	const json_t *o, *outcomes = json_object_get(mention, "outcomes");
	struct told t = {.n = json_array_size(outcomes)};
	size_t i;

	json_array_foreach (outcomes, i, o) {
		const char *word = answer_text(o, "outcome");

		if (strcmp(word, "sent") == 0)
			t.sent++;
		else if (strcmp(word, "digested") == 0)
			t.digested++;
		else if (archive_outcome_waits(span_str(word)))
			t.waits = o;
		else
			t.bad = o;
	}
	return t;
}

/* Of one that is not told yet: what the message says that is on its way, where the daemon can
 * be asked; else what the ledger says. */
static struct span not_yet(struct explaining *e, const json_t *waits, const char **ret_stage)
{
	struct span text = SPAN_NONE;

	*ret_stage = answer_text(waits, "outcome");
	if (strcmp(*ret_stage, "sending") == 0)
		text = waiting_text(e, ret_stage);
	return text.n ? text : meaning(e, waits);
}

static struct span erased_sentence(struct explaining *e, struct span how, size_t told)
{
	char at[RFC3339_SIZE];

	return arena_printf(&e->arena,
		"%.*s, and its text was taken out of the archive at %s: %.*s (%.*s); %zu "
		"receivers had been told.",
		SPAN_ARG(how), wall_rfc3339(at, e->erased.at),
		SPAN_ARG(e->erased.detail.n ? e->erased.detail : e->erased.action),
		SPAN_ARG(e->erased.actor), told);
}

static struct span told_sentence(
	struct explaining *e, struct span how, const struct told *t, const char **ret_stage)
{
	const json_t *other = t->waits ? t->waits : t->bad;
	const char *digest = t->sent ? "" : ", in a digest", *ignored;
	struct span why;

	*ret_stage = other ? "partly" : t->sent ? "told" : "digested";
	if (!other)
		return arena_printf(&e->arena, "%.*s, and %zu of %zu receivers were told%s.",
			SPAN_ARG(how), t->sent + t->digested, t->n, digest);
	why = t->waits ? not_yet(e, other, &ignored) : meaning(e, other);
	return arena_printf(&e->arena,
		"%.*s, and %zu of %zu receivers were told%s; not %s%s: %.*s.", SPAN_ARG(how),
		t->sent + t->digested, t->n, digest, answer_text(other, "receiver"),
		t->waits ? " so far" : "", SPAN_ARG(why));
}

static struct span mention_sentence(
	struct explaining *e, const json_t *m, const char **ret_stage)
{
	const struct span how = beginning(e, m);
	const struct told t = told_of(m);
	struct span why;

	if (wall_known(e->erased.at)) {
		*ret_stage = "erased";
		return erased_sentence(e, how, t.sent + t.digested);
	}
	if (t.sent || t.digested)
		return told_sentence(e, how, &t, ret_stage);
	*ret_stage = "silent";
	if (json_is_true(json_object_get(m, "silent")))
		return arena_printf(&e->arena,
			"%.*s, but it was older than crawl.history at the first contact with "
			"the source or the rule: archived, and nobody told.",
			SPAN_ARG(how));
	if (t.waits) {
		why = not_yet(e, t.waits, ret_stage);
		return arena_printf(&e->arena, "%.*s, but nobody was told so far: %.*s.",
			SPAN_ARG(how), SPAN_ARG(why));
	}
	if (t.bad) {
		*ret_stage = answer_text(t.bad, "outcome");
		why = meaning(e, t.bad);
		return arena_printf(&e->arena, "%.*s, but nobody was told: %.*s.",
			SPAN_ARG(how), SPAN_ARG(why));
	}
	*ret_stage = "archived";
	why = waiting_text(e, ret_stage);
	if (why.n)
		return arena_printf(&e->arena, "%.*s, and %.*s.", SPAN_ARG(how), SPAN_ARG(why));
	return arena_printf(&e->arena,
		"%.*s, but no receiver has an outcome: no route leads to one, or the desk has "
		"not come to it yet.",
		SPAN_ARG(how));
}

/* What keeps a source from being read well; what its mark means. */
static const struct {
	const char *mark, *stage, *means;
} marks[] = {
	{"blocked", "blocked", "refuses to be read"},
	{"gone", "gone", "is gone for good"},
	{"truncated", "truncated", "gave only the beginning of its last document"},
	{"overlong", "overlong", "gave more than is read of a document"},
	{"", "source", "could not be read"},
};

static struct span bad_source(
	struct explaining *e, const json_t *source, const char **ret_stage)
{
	const char *mark = answer_text(source, "mark"), *error = answer_text(source, "error");
	size_t i = 0;

	while (marks[i].mark[0] && strcmp(marks[i].mark, mark) != 0)
		i++;
	*ret_stage = marks[i].stage;
	return arena_printf(&e->arena, "It was not seen, and source %s of that site %s%s%s.",
		answer_text(source, "id"), marks[i].means, error[0] ? ": " : "", error);
}

static struct span absence_sentence(struct explaining *e, const char **ret_stage)
{
	const struct span archive = since_text(e, e->archive_since);
	const struct span passed = since_text(e, e->passed_since);
	const json_t *one, *bad = NULL, *unread = NULL;
	size_t i;

	if (wall_known(e->erased.at)) {
		char at[RFC3339_SIZE];

		*ret_stage = "erased";
		return arena_printf(&e->arena,
			"It was in the archive, and was erased at %s by %.*s.",
			wall_rfc3339(at, e->erased.at), SPAN_ARG(e->erased.actor));
	}
	json_array_foreach (e->sources, i, one) {
		if ((answer_text(one, "error")[0] || answer_text(one, "mark")[0]) && !bad)
			bad = one;
		else if (!answer_text(one, "last_try")[0])
			unread = one;
	}
	if (bad)
		return bad_source(e, bad, ret_stage);
	*ret_stage = "unread";
	if (unread)
		return arena_printf(&e->arena,
			"It was not seen, and source %s of that site has not been read yet.",
			answer_text(unread, "id"));
	*ret_stage = "listed";
	if (json_array_size(e->sources))
		return arena_printf(&e->arena,
			"No source listed it: the %zu of that site are read without error; the "
			"archive "
			"reaches back %.*s, what no rule wanted %.*s.",
			json_array_size(e->sources), SPAN_ARG(archive), SPAN_ARG(passed));
	*ret_stage = e->daemon ? "sources" : "unknown";
	return arena_printf(&e->arena,
		"It is not known here%s; the archive reaches back %.*s, what no rule wanted "
		"%.*s.",
		e->daemon ? ", and no source is of that site"
			  : ", and no daemon answers to ask its sources",
		SPAN_ARG(archive), SPAN_ARG(passed));
}

/* "acme: lacks plant; klm: none of klm, royal dutch" */
static struct span rules_text(struct explaining *e)
{
	enum { NAMED = 3 };
	const size_t n = json_array_size(e->rules);
	struct buf out = {0};
	const json_t *one;
	struct span ret;
	size_t i;

	json_array_foreach (e->rules, i, one) {
		if (i == NAMED)
			break;
		buf_addf(&out, "%srule %s %s", i ? ", " : "", answer_text(one, "rule"),
			json_is_true(json_object_get(one, "holds")) ? "would want it now"
								    : answer_text(one, "why"));
	}
	if (n > NAMED)
		buf_addf(&out, ", and %zu more above", n - NAMED);
	ret = n ? arena_dup(&e->arena, buf_span(&out))
		: SPAN("name the configuration with -c to see why");
	buf_deinit(&out);
	return ret;
}

static struct span sentence(struct explaining *e, const char **ret_stage)
{
	const size_t n = json_array_size(e->mentions);
	struct span rules, passed;

	if (n)
		return mention_sentence(e, json_array_get(e->mentions, n - 1), ret_stage);
	if (!json_array_size(e->passed_over))
		return absence_sentence(e, ret_stage);
	*ret_stage = "rules";
	rules = rules_text(e);
	passed = since_text(e, e->passed_since);
	return arena_printf(&e->arena,
		"It came through %s at %s, and no rule wanted it: %.*s (what no rule wanted is "
		"kept %.*s).",
		answer_text(json_array_get(e->passed_over, 0), "source"),
		answer_text(json_array_get(e->passed_over, 0), "fetched"), SPAN_ARG(rules),
		SPAN_ARG(passed));
}

/* --- Saying it
 * ---------------------------------------------------------------------------------- */

static void print_line(const char *name, struct span text)
{
	(void)printf("%-12s ", name);
	printer_text(stdout, text);
	(void)putchar('\n');
}

static void print_item(const json_t *item)
{
	print_line("title", span_str(answer_text(item, "title")));
	print_line("address", span_str(answer_text(item, "url")));
	print_line("key", span_str(answer_text(item, "key")));
	print_line("source", span_str(answer_text(item, "source")));
	print_line("published", span_str(answer_text(item, "published")));
	print_line("read", span_str(answer_text(item, "fetched")));
}

/* "hook: budget at … until … (budget 8/day: …)" */
static struct span outcome_text(struct explaining *e, const json_t *o)
{
	const char *until = answer_text(o, "until"), *why = answer_text(o, "why"),
		   *delivery = answer_text(o, "delivery");

	return arena_printf(&e->arena, "%s: %s at %s%s%s%s%s%s%s%s", answer_text(o, "receiver"),
		answer_text(o, "outcome"), answer_text(o, "at"), until[0] ? " until " : "",
		until, delivery[0] ? " in delivery " : "", delivery, why[0] ? " (" : "", why,
		why[0] ? ")" : "");
}

static void print_mention(struct explaining *e, const json_t *mention)
{
	const json_t *one, *span;
	size_t i, k;

	print_item(mention);
	json_array_foreach (json_object_get(mention, "matches"), i, one) {
		struct buf found = {0};

		buf_addf(&found, "%s (version %s, weight %g):", answer_text(one, "rule"),
			answer_text(one, "version"),
			json_number_value(json_object_get(one, "weight")));
		json_array_foreach (json_object_get(one, "spans"), k, span)
			buf_addf(&found, " %s \"%s\"", answer_text(span, "field"),
				answer_text(span, "text"));
		print_line("rule", buf_span(&found));
		buf_deinit(&found);
	}
	json_array_foreach (json_object_get(mention, "outcomes"), i, one)
		print_line("receiver", outcome_text(e, one));
	if (copy_text(e, mention).n)
		print_line("story", span_slice(copy_text(e, mention), 2, SIZE_MAX));
	(void)putchar('\n');
}

/* Every try at telling it. */
static void print_deliveries(struct explaining *e)
{
	const json_t *d, *try;
	size_t i, k;

	json_array_foreach (e->deliveries, i, d)
		json_array_foreach (json_object_get(d, "tries"), k, try)
			print_line("try",
				arena_printf(&e->arena, "%s: %lld at %s: %s, status %lld%s%s",
					answer_text(d, "receiver"),
					(long long)json_integer_value(
						json_object_get(try, "attempt")),
					answer_text(try, "at"), answer_text(try, "verdict"),
					(long long)json_integer_value(
						json_object_get(try, "status")),
					answer_text(try, "why")[0] ? ": " : "",
					answer_text(try, "why")));
}

static void print_text(struct explaining *e, struct span said)
{
	const json_t *one;
	size_t i;

	json_array_foreach (e->mentions, i, one)
		print_mention(e, one);
	json_array_foreach (e->passed_over, i, one) {
		print_item(one);
		print_line("rules", SPAN("none wanted it"));
	}
	json_array_foreach (e->rules, i, one)
		print_line("rule", arena_printf(&e->arena, "%s: %s", answer_text(one, "rule"),
					   json_is_true(json_object_get(one, "holds"))
						   ? "would want it now"
						   : answer_text(one, "why")));
	print_deliveries(e);
	printer_text(stdout, said);
	(void)putchar('\n');
}

static json_t *since_json(struct wall since)
{
	char text[RFC3339_SIZE];

	return wall_known(since) ? json_string(wall_rfc3339(text, since)) : json_null();
}

static int print_json(const struct explaining *e, const char *stage, struct span said)
{
	json_t *root = json_pack("{s:s%,s:s,s:s%,s:O,s:O,s:O,s:O,s:O,s:{s:o,s:o},s:b}", "asked",
		e->what.p, e->what.n, "stage", stage, "sentence", said.p, said.n, "mentions",
		e->mentions, "passed_over", e->passed_over, "rules", e->rules, "deliveries",
		e->deliveries, "sources", e->sources, "reach", "archive",
		since_json(e->archive_since), "passed_over", since_json(e->passed_since),
		"daemon", e->daemon);
	char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	const bool ok = text && mentions_write(span_str(text)) && mentions_write(SPAN("\n"));

	free(text);
	json_decref(root);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

int command_explain(int argc, char **argv)
{
	struct explaining e = {.archive_since = WALL_NONE,
		.passed_since = WALL_NONE,
		.erased = {.at = WALL_NONE}};
	struct ask_options options;
	const char *stage = "";
	struct span said;
	int status = ask_options_read(&options, argc, argv);

	if (status == EXIT_DONE && options.first >= argc)
		status = command_usage(argv[0]);
	if (status != EXIT_DONE)
		return status;
	e.what = span_str(argv[options.first]);
	e.folder = state_folder(&e.arena, options.state, options.config);
	e.mentions = json_array();
	e.passed_over = json_array();
	e.sources = json_array();
	e.rules = json_array();
	e.deliveries = json_array();
	e.config = options.config;
	status = EXIT_FAILED;
	if (e.folder && e.mentions && e.passed_over && e.sources && e.rules && e.deliveries) {
		look_in_archive(&e);
		if (!json_array_size(e.mentions))
			look_in_passed_over(&e);
		ask_rules(&e);
		ask_sources(&e);
		ask_deliveries(&e);
		said = sentence(&e, &stage);
		if (e.why.n) {
			(void)fprintf(stderr, "vigie: %.*s\n", SPAN_ARG(e.why));
		} else if (options.json) {
			status = print_json(&e, stage, said);
		} else {
			print_text(&e, said);
			status = EXIT_DONE;
		}
		status = mentions_finish(status);
	}
	json_decref(e.mentions);
	json_decref(e.passed_over);
	json_decref(e.sources);
	json_decref(e.rules);
	json_decref(e.deliveries);
	arena_release(&e.arena);
	return status;
}
