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
#include "cli/mentions.h"
#include "cli/state_folder.h"
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
	json_array_foreach(e->mentions, i, one)
	{
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

/* The sources whose address is on the same site. */
static void ask_sources(struct explaining *e)
{
	const struct span site =
		url_registrable_domain(&e->arena, url_host(&e->arena, e->what));
	struct buf answer = {0};
	json_t *root = NULL, *one;
	int status = 0;
	size_t i;

	if (http_control_ask(path_of(e, "control.sock"), "GET", "/status", SPAN_NONE, &answer,
		    &status) == 0 &&
		status == 200)
		root = json_loadb(answer.p ? answer.p : "", answer.n, 0, NULL);
	e->daemon = root != NULL;
	json_array_foreach(json_object_get(root, "sources"), i, one)
	{
		const struct span url =
			span_str(json_string_value(json_object_get(one, "url")));
		const struct span host = url_host(&e->arena, url);

		if (site.n && span_eq(site, url_registrable_domain(&e->arena, host)))
			(void)json_array_append(e->sources, one);
	}
	json_decref(root);
	buf_deinit(&answer);
}

/* --- What it comes to
 * --------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

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

	json_array_foreach(json_object_get(mention, "matches"), i, m)
		buf_addf(&list, "%s%s", i ? ", " : "", text_of(m, "rule"));
	ret = arena_dup(&e->arena, buf_span(&list));
	buf_deinit(&list);
	return ret;
}

static struct span mention_sentence(
	struct explaining *e, const json_t *m, const char **ret_stage)
{
	const struct span rules = rules_of(e, m);
	const json_t *o, *outcomes = json_object_get(m, "outcomes");
	size_t i, sent = 0;
	struct span last;

	json_array_foreach(outcomes, i, o) sent += strcmp(text_of(o, "outcome"), "sent") == 0;
	*ret_stage = "told";
	if (sent)
		return arena_printf(&e->arena,
			"It came through %s, rule %.*s wanted it, and %zu of %zu receivers "
			"were told.",
			text_of(m, "source"), SPAN_ARG(rules), sent, json_array_size(outcomes));
	*ret_stage = "silent";
	if (json_is_true(json_object_get(m, "silent")))
		return arena_printf(&e->arena,
			"It came through %s and rule %.*s wanted it, but it was older than "
			"crawl.history "
			"at the first contact with the source or the rule: archived, and "
			"nobody told.",
			text_of(m, "source"), SPAN_ARG(rules));
	*ret_stage = "archived";
	if (!json_array_size(outcomes))
		return arena_printf(&e->arena,
			"It came through %s and rule %.*s wanted it, but no receiver has an "
			"outcome: either "
			"no route leads to one, or a message still waits (vigie deliveries).",
			text_of(m, "source"), SPAN_ARG(rules));
	*ret_stage =
		text_of(json_array_get(outcomes, json_array_size(outcomes) - 1), "outcome");
	last = span_str(*ret_stage);
	return arena_printf(&e->arena,
		"It came through %s and rule %.*s wanted it, but nobody was told: the last "
		"outcome is "
		"\"%.*s\".",
		text_of(m, "source"), SPAN_ARG(rules), SPAN_ARG(last));
}

static struct span absence_sentence(struct explaining *e, const char **ret_stage)
{
	const struct span archive = since_text(e, e->archive_since);
	const struct span passed = since_text(e, e->passed_since);
	const json_t *one, *bad = NULL;
	size_t i;

	json_array_foreach(e->sources, i, one) if (text_of(one, "error")[0] && !bad) bad = one;
	*ret_stage = "source";
	if (bad)
		return arena_printf(&e->arena,
			"It was not seen, and source %s of that site could not be read: %s.",
			text_of(bad, "id"), text_of(bad, "error"));
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

static struct span sentence(struct explaining *e, const char **ret_stage)
{
	const size_t n = json_array_size(e->mentions);

	if (n)
		return mention_sentence(e, json_array_get(e->mentions, n - 1), ret_stage);
	if (!json_array_size(e->passed_over))
		return absence_sentence(e, ret_stage);
	*ret_stage = "rules";
	return arena_printf(&e->arena,
		"It came through %s at %s, and no rule wanted it (vigie match --rules says "
		"what a rule "
		"sees in it).",
		text_of(json_array_get(e->passed_over, 0), "source"),
		text_of(json_array_get(e->passed_over, 0), "fetched"));
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
	print_line("title", span_str(text_of(item, "title")));
	print_line("address", span_str(text_of(item, "url")));
	print_line("key", span_str(text_of(item, "key")));
	print_line("source", span_str(text_of(item, "source")));
	print_line("published", span_str(text_of(item, "published")));
	print_line("read", span_str(text_of(item, "fetched")));
}

static void print_mention(struct explaining *e, const json_t *mention)
{
	const json_t *one, *span;
	size_t i, k;

	print_item(mention);
	json_array_foreach(json_object_get(mention, "matches"), i, one)
	{
		struct buf found = {0};

		buf_addf(&found, "%s (version %s, weight %g):", text_of(one, "rule"),
			text_of(one, "version"),
			json_number_value(json_object_get(one, "weight")));
		json_array_foreach(json_object_get(one, "spans"), k, span) buf_addf(
			&found, " %s \"%s\"", text_of(span, "field"), text_of(span, "text"));
		print_line("rule", buf_span(&found));
		buf_deinit(&found);
	}
	json_array_foreach(json_object_get(mention, "outcomes"), i, one) print_line("receiver",
		arena_printf(&e->arena, "%s: %s at %s (delivery %s)", text_of(one, "receiver"),
			text_of(one, "outcome"), text_of(one, "at"), text_of(one, "delivery")));
	(void)putchar('\n');
}

static void print_text(struct explaining *e, struct span said)
{
	const json_t *one;
	size_t i;

	json_array_foreach(e->mentions, i, one) print_mention(e, one);
	json_array_foreach(e->passed_over, i, one)
	{
		print_item(one);
		print_line("rules", SPAN("none wanted it"));
		(void)putchar('\n');
	}
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
	json_t *root = json_pack("{s:s%,s:s,s:s%,s:O,s:O,s:O,s:{s:o,s:o},s:b}", "asked",
		e->what.p, e->what.n, "stage", stage, "sentence", said.p, said.n, "mentions",
		e->mentions, "passed_over", e->passed_over, "sources", e->sources, "reach",
		"archive", since_json(e->archive_since), "passed_over",
		since_json(e->passed_since), "daemon", e->daemon);
	char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	const bool ok = text && mentions_write(span_str(text)) && mentions_write(SPAN("\n"));

	free(text);
	json_decref(root);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

int command_explain(int argc, char **argv)
{
	struct explaining e = {.archive_since = WALL_NONE, .passed_since = WALL_NONE};
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
	status = EXIT_FAILED;
	if (e.folder && e.mentions && e.passed_over && e.sources) {
		look_in_archive(&e);
		if (!json_array_size(e.mentions))
			look_in_passed_over(&e);
		ask_sources(&e);
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
	arena_release(&e.arena);
	return status;
}
