#include "cli/mentions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/state_folder.h"
#include "config/reader.h"
#include "line/codec_mention.h"
#include "sources/date.h"
#include "vigie/ruleset.h"
#include "vigie/utf8.h"

/* "7d": so long ago; or a date, at midnight UTC where it has no time. */
static bool read_time(struct wall *ret, const char *text)
{
	struct timespec now;
	int64_t ago_ms;
	struct wall at;

	if (duration_parse(&ago_ms, span_str(text))) {
		(void)clock_gettime(CLOCK_REALTIME, &now);
		*ret = (struct wall){
			(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - ago_ms};
		return true;
	}
	at = date_parse(span_str(text));
	if (!wall_known(at))
		return false;
	*ret = at;
	return true;
}

static bool read_limit(size_t *ret, const char *text)
{
	char *end;
	const unsigned long long n = strtoull(text, &end, 10);

	/* What SQLite counts with is signed. */
	if (text[0] < '0' || text[0] > '9' || *end || n > INT64_MAX)
		return false;
	*ret = (size_t)n;
	return true;
}

static int wrong(const char *command, const char *option, const char *value, const char *remedy)
{
	(void)fprintf(stderr, "vigie %s: %s %s: %s\n", command, option, value, remedy);
	return EXIT_USAGE;
}

/* One option and its value. */
static int read_value(
	struct mentions_ask *ask, const char *command, const char *option, const char *value)
{
	struct archive_filter *f = &ask->filter;
	const struct {
		const char *option;
		struct span *text;
	} texts[] = {
		{"--rule", &f->rule},
		{"--brand", &f->brand},
		{"--source", &f->source},
		{"--lang", &f->lang},
	};
	const struct {
		const char *option;
		struct wall *time;
	} times[] = {{"--since", &f->since}, {"--until", &f->until}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(option, texts[i].option) == 0) {
			*texts[i].text = span_str(value);
			return EXIT_DONE;
		}
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		if (strcmp(option, times[i].option) == 0) {
			if (read_time(times[i].time, value))
				return EXIT_DONE;
			return wrong(command, option, value,
				"no time: write how long ago (90m, 7d, 2w) or a date "
				"(2026-01-31, "
				"2026-01-31T08:00:00Z)");
		}
	}
	if (strcmp(option, "--limit") == 0)
		return read_limit(&f->limit, value)
			       ? EXIT_DONE
			       : wrong(command, option, value, "no number: write 0 for all");
	if (strcmp(option, "--state") == 0)
		ask->state = value;
	else if (strcmp(option, "-c") == 0)
		ask->config = value;
	else
		ask->own_value = value;
	return EXIT_DONE;
}

static bool is_own(const struct mentions_ask *ask, const char *option)
{
	return ask->own_name && strncmp(option, "--", 2) == 0 &&
	       strcmp(option + 2, ask->own_name) == 0;
}

static bool takes_value(const struct mentions_ask *ask, const char *option)
{
	static const char *const options[] = {"--since", "--until", "--rule", "--brand",
		"--source", "--lang", "--limit", "--state", "-c"};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strcmp(option, options[i]) == 0)
			return true;
	return is_own(ask, option) && ask->own_has_value;
}

int mentions_read(struct mentions_ask *ask, int argc, char **argv)
{
	struct buf words = {0};
	bool only_words = false;
	int status = EXIT_DONE;

	for (int i = 1; i < argc && status == EXIT_DONE; i++) {
		const char *a = argv[i];

		if (only_words || a[0] != '-' || !a[1]) {
			buf_add_str(&words, a);
			buf_add_char(&words, ' ');
		} else if (strcmp(a, "--") == 0) {
			only_words = true;
		} else if (takes_value(ask, a) && i + 1 < argc) {
			ask->own_given |= is_own(ask, a);
			status = read_value(ask, argv[0], a, argv[++i]);
		} else if (is_own(ask, a) && !ask->own_has_value) {
			ask->own_given = true;
		} else {
			status = command_usage(argv[0]);
		}
	}
	if (words.n)
		ask->filter.words = arena_dup(&ask->arena, buf_span(&words));
	if (status == EXIT_DONE && words.n && !utf8_valid(ask->filter.words)) {
		(void)fprintf(stderr, "vigie %s: the words are no UTF-8\n", argv[0]);
		status = EXIT_USAGE;
	}
	buf_deinit(&words);
	return status;
}

struct going {
	struct ruleset *query; /* NULL: none */
	struct ruleset_scratch *scratch;
	size_t left; /* to be seen; 0: no bound */
	bool failed;
	bool (*see)(void *arg, const struct hit *hit, const struct match *found);
	void *arg;
};

static bool on_hit(void *arg, const struct hit *hit)
{
	const struct match_context context = {.source = hit->source};
	struct going *going = arg;
	struct match *found = NULL;
	struct arena arena = {0};
	size_t n = 1;
	bool more = true;

	if (going->query)
		going->failed = ruleset_match(going->query, going->scratch, &hit->item,
					&context, &arena, &found, &n) < 0;
	if (n && !going->failed) {
		more = going->see(going->arg, hit, found);
		if (going->left && --going->left == 0)
			more = false;
	}
	arena_release(&arena);
	return more && !going->failed;
}

/* What the archive's index can keep away. */
static int narrow(struct mentions_ask *ask, const struct ruleset *query)
{
	struct archive_word *kept;
	struct ruleset_word *words;
	size_t n;
	int r = ruleset_words(query, &ask->arena, &words, &n);

	if (r != 0)
		return r < 0 ? r : 0;
	kept = arena_calloc(&ask->arena, n + 1, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		kept[i] = (struct archive_word){words[i].text, words[i].prefix};
	ask->filter.any_words = kept;
	ask->filter.n_any_words = n;
	return 0;
}

/* The engine decides, with the same answers as the rules give to what arrives; so the limit is
 * counted behind it. */
static int read_query(struct mentions_ask *ask, struct going *going)
{
	const struct rule rule = {.id = SPAN("query"), .query = span_trim(ask->filter.words)};
	struct ruleset_builder *builder = NULL;
	struct err_list errors = {0};
	int r = ruleset_builder_new(&builder);

	if (r == 0)
		r = ruleset_builder_add(builder, &rule, &errors);
	if (r == 0)
		r = ruleset_build(&going->query, builder, &errors);
	if (r == 0)
		r = ruleset_scratch_new(&going->scratch, going->query);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	ruleset_builder_free(builder);
	if (r < 0)
		return r;
	ask->filter.words = SPAN_NONE;
	going->left = ask->filter.limit;
	ask->filter.limit = 0;
	return narrow(ask, going->query);
}

static int go(struct mentions_ask *ask, struct going *going, const char *folder)
{
	struct archive_reader *reader = NULL;
	struct span path, why = SPAN("out of memory");
	int r = -ENOMEM;

	path = arena_printf(&ask->arena, "%s/%s", folder, ARCHIVE_FILE);
	if (path.p)
		r = archive_reader_new(&reader, path.p, &ask->arena, &why);
	if (r == 0)
		r = archive_search(reader, &ask->filter, on_hit, going, &ask->arena, &why);
	if (r == 0 && going->failed)
		r = -ENOMEM;
	archive_reader_free(reader);
	if (r == 0)
		return EXIT_DONE;
	(void)fprintf(stderr, "vigie: %.*s\n", SPAN_ARG(why));
	return r == -E2BIG ? EXIT_USAGE : EXIT_FAILED;
}

int mentions_each(struct mentions_ask *ask,
	bool (*see)(void *arg, const struct hit *hit, const struct match *found), void *arg)
{
	const char *folder = state_folder(&ask->arena, ask->state, ask->config);
	struct going going = {.see = see, .arg = arg};
	const size_t limit = ask->filter.limit;
	int status = EXIT_DONE;

	if (!folder)
		return EXIT_FAILED;
	if (ask->takes_query && !span_empty(span_trim(ask->filter.words)) &&
		read_query(ask, &going) < 0)
		status = EXIT_USAGE;
	if (status == EXIT_DONE)
		status = go(ask, &going, folder);
	ask->filter.limit = limit;
	ruleset_scratch_free(going.scratch);
	ruleset_unref(going.query);
	return status;
}

static bool write_all(struct span text)
{
	return fwrite(text.p, 1, text.n, stdout) == text.n;
}

bool mentions_write(struct span text)
{
	size_t clean = 0;

	if (!isatty(STDOUT_FILENO))
		return write_all(text);
	for (size_t i = 0; i < text.n;) {
		const size_t at = i;
		const uint32_t c = utf8_next(text, &i);

		if (!text_unsafe(c) || c == '\n' || c == '\r' || c == '\t')
			continue;
		if (!write_all(span_slice(text, clean, at)) || !write_all(SPAN("\xEF\xBF\xBD")))
			return false;
		clean = i;
	}
	return write_all(span_slice(text, clean, text.n));
}

int mentions_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("vigie: standard output");
	return EXIT_FAILED;
}
