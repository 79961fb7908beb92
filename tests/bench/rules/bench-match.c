/*
 * bench-match: how fast documents pass a set of rules. For each set: the floor (folding and
 * cutting into tokens, nothing else), complete matching with the spans of hits, and Hyperscan's
 * raw scan for the same literals; medians of rounds that take turns, so that a busy machine
 * hits all alike.
 *
 *     bench-match [--posts FILE.jsonl] [--threads] [RULES.yaml …]
 *
 * Without files: generated sets of 100, 1,000 and 10,000 rules over generated posts.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fold.h"
#include "material.h"
#include "peer.h"
#include "query.h"
#include "regex.h"
#include "vigie/ruleset.h"
#include "vigie/yaml.h"

enum { ROUNDS = 9 };

static double now_s(void)
{
	struct timespec t;

	/* Of this thread: what other programs take from the machine is not counted. */
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

/* --- the literals of a set, for the peer --- */

struct literals {
	struct arena arena;
	struct span *items;
	size_t n, capacity;
};

static void add_literals(struct literals *l, const struct node *n)
{
	struct span s = n->source;

	for (const struct node *c = n->first; c; c = c->next)
		add_literals(l, c);
	if (n->kind != NODE_TERM)
		return;
	while (s.n && strchr("=\"#@$*", s.p[0]))
		s = span_slice(s, 1, s.n);
	while (s.n && (strchr("\"*~", s.p[s.n - 1]) || (n->u.term.slop && s.p[s.n - 1] < 'A')))
		s.n--;
	if (s.n < 2)
		return;
	if (l->n == l->capacity) {
		l->capacity = l->capacity ? l->capacity * 2 : 256;
		l->items = realloc(l->items, l->capacity * sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->n++] = arena_dup(&l->arena, s);
}

static int by_text(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static void read_literals(struct literals *l, struct span yaml)
{
	struct err_list errors = {0};
	struct yaml y = {0};
	const struct yaml_node *rules;
	size_t n = 0;

	if (yaml_read(&y, yaml, "rules", &errors) < 0)
		exit(2);
	rules = yaml_get(y.root, "rules");
	for (size_t i = 0; i < rules->n; i++) {
		const struct yaml_node *query = yaml_get(rules->items[i], "query");
		struct query_errors refused = {.arena = &l->arena};
		struct node *tree;

		if (query && query_parse(&tree, &l->arena, arena_dup(&l->arena, query->text),
				     &refused) == 0)
			add_literals(l, tree);
	}
	yaml_deinit(&y);
	qsort(l->items, l->n, sizeof(*l->items), by_text);
	for (size_t i = 0; i < l->n; i++)
		if (!n || !span_eq(l->items[n - 1], l->items[i]))
			l->items[n++] = l->items[i];
	l->n = n;
}

/* --- the three runs --- */

static size_t run_floor(const struct posts *posts, struct folded *f)
{
	size_t tokens = 0;

	for (size_t i = 0; i < posts->n; i++) {
		const struct span fields[ITEM_FIELDS] = {
			posts->items[i].title, posts->items[i].text};

		if (folded_read(f, fields) < 0)
			abort();
		tokens += f->n_tokens;
	}
	return tokens;
}

static size_t run_match(const struct posts *posts, const struct ruleset *set,
	struct ruleset_scratch *scratch, struct arena *arena)
{
	size_t hits = 0;

	for (size_t i = 0; i < posts->n; i++) {
		struct match *matches;
		size_t n;

		if (ruleset_match(set, scratch, &posts->items[i], NULL, arena, &matches, &n) <
			0)
			abort();
		hits += n;
	}
	arena_release(arena);
	return hits;
}

static void run_peer(const struct posts *posts, struct peer *peer)
{
	for (size_t i = 0; i < posts->n; i++) {
		peer_scan(peer, posts->items[i].title);
		peer_scan(peer, posts->items[i].text);
	}
}

/* --- a pattern a rule --- */

/* Each rule as one pattern of its literals, case ignored, as machine code: MB/s over some
 * posts. */
static double run_patterns(const struct posts *posts, struct span yaml)
{
	enum { SEARCHES = 400 * 1000 }; /* about; a whole run would take minutes */
	struct err_list errors = {0};
	struct regex_scratch *scratch = NULL;
	struct yaml y = {0};
	const struct yaml_node *rules;
	struct regex **patterns;
	size_t n = 0, bytes = 0, at, start, end;
	double began;

	if (yaml_read(&y, yaml, "rules", &errors) < 0 || regex_scratch_new(&scratch) < 0)
		exit(2);
	rules = yaml_get(y.root, "rules");
	patterns = calloc(rules->n, sizeof(struct regex *));
	for (size_t i = 0; patterns && i < rules->n; i++) {
		const struct yaml_node *query = yaml_get(rules->items[i], "query");
		struct literals l = {0};
		struct query_errors refused = {.arena = &l.arena};
		struct node *tree;
		struct buf pattern = {0};
		char why[REGEX_WHY_SIZE];

		if (query && query_parse(&tree, &l.arena, query->text, &refused) == 0)
			add_literals(&l, tree);
		for (size_t k = 0; k < l.n; k++)
			buf_addf(&pattern, "%s\\Q%.*s\\E", k ? "|" : "", SPAN_ARG(l.items[k]));
		if (l.n && regex_new(&patterns[n], buf_span(&pattern), REGEX_I, true, why,
				   &at) == 0)
			n++;
		buf_deinit(&pattern);
		arena_release(&l.arena);
		free(l.items);
	}
	/* Once to have them translated, then measured. */
	for (int round = 0; round < 2; round++) {
		began = now_s();
		bytes = 0;
		for (size_t i = 0; n && i < posts->n && i * n < SEARCHES; i++) {
			for (size_t k = 0; k < n; k++)
				(void)regex_find(patterns[k], scratch, posts->items[i].text, 0,
					&start, &end);
			bytes += posts->items[i].text.n;
		}
	}
	began = now_s() - began;
	while (n)
		(void)regex_unref(patterns[--n]);
	free(patterns);
	(void)regex_scratch_free(scratch);
	yaml_deinit(&y);
	return (double)bytes / 1e6 / began;
}

/* --- one set --- */

struct thread_work {
	const struct posts *posts;
	const struct ruleset *set;
	double seconds;
};

static void *in_thread(void *arg)
{
	struct thread_work *w = arg;
	struct ruleset_scratch *scratch = NULL;
	struct arena arena = {0};
	double start;

	if (ruleset_scratch_new(&scratch, w->set) < 0)
		abort();
	(void)run_match(w->posts, w->set, scratch, &arena);
	start = now_s();
	for (int i = 0; i < ROUNDS; i++)
		(void)run_match(w->posts, w->set, scratch, &arena);
	w->seconds = (now_s() - start) / ROUNDS;
	(void)ruleset_scratch_free(scratch);
	return NULL;
}

/* Throughput of n threads at once, in bytes a second. */
static double threads_run(const struct posts *posts, const struct ruleset *set, size_t n)
{
	struct thread_work works[8];
	pthread_t threads[8];
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		works[i] = (struct thread_work){posts, set, 0};
		if (pthread_create(&threads[i], NULL, in_thread, &works[i]))
			abort();
	}
	for (size_t i = 0; i < n; i++) {
		(void)pthread_join(threads[i], NULL);
		sum += (double)posts->bytes / works[i].seconds;
	}
	return sum;
}

static struct ruleset *build(
	struct span yaml, const char *name, double *ret_read, double *ret_build)
{
	struct err_list errors = {0};
	struct ruleset *set = NULL;
	double reads[ROUNDS], builds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		struct ruleset_builder *b = NULL;
		double start = now_s();

		(void)ruleset_unref(set);
		if (ruleset_builder_new(&b) < 0 || rulefile_read(b, yaml, name, &errors) < 0) {
			err_list_print(&errors, stderr);
			exit(2);
		}
		reads[i] = now_s() - start;
		start = now_s();
		if (ruleset_build(&set, b, &errors) < 0)
			exit(2);
		builds[i] = now_s() - start;
		(void)ruleset_builder_free(b);
	}
	*ret_read = median(reads, ROUNDS);
	*ret_build = median(builds, ROUNDS);
	return set;
}

static void measure(const struct posts *posts, struct span yaml, const char *name, bool threads)
{
	double read_s, build_s, floors[ROUNDS], ours[ROUNDS], peers[ROUNDS], f, m, p;
	struct ruleset *set = build(yaml, name, &read_s, &build_s);
	const struct ruleset_size size = ruleset_size(set);
	struct ruleset_scratch *scratch = NULL;
	struct folded folded = {0};
	struct literals literals = {0};
	struct arena arena = {0};
	struct peer *peer;
	size_t hits = 0;
	double start;

	read_literals(&literals, yaml);
	peer = peer_new(literals.items, literals.n);
	if (ruleset_scratch_new(&scratch, set) < 0)
		abort();
	for (int i = -1; i < ROUNDS; i++) {
		start = now_s();
		(void)run_floor(posts, &folded);
		floors[i < 0 ? 0 : i] = now_s() - start;
		start = now_s();
		hits = run_match(posts, set, scratch, &arena);
		ours[i < 0 ? 0 : i] = now_s() - start;
		start = now_s();
		run_peer(posts, peer);
		peers[i < 0 ? 0 : i] = now_s() - start;
	}
	f = (double)posts->bytes / 1e6 / median(floors, ROUNDS);
	m = (double)posts->bytes / 1e6 / median(ours, ROUNDS);
	p = (double)posts->bytes / 1e6 / median(peers, ROUNDS);
	(void)printf("%-24s %6zu rules  floor %5.0f MB/s  match %5.0f MB/s (%.2f of the floor",
		name, ruleset_count(set), f, m, m / f);
	if (peer)
		(void)printf(", %.2f of Hyperscan's %5.0f MB/s for %zu literals", m / p, p,
			literals.n);
	(void)printf(")\n%24s %zu hits, %llu candidates; YAML and queries read in %.1f ms, "
		     "compiled in "
		     "%.1f ms; %.1f MB, %zu leaves, %zu entries, %zu asked always\n",
		"", hits,
		(unsigned long long)ruleset_scratch_counts(scratch)->candidates / (ROUNDS + 1),
		read_s * 1e3, build_s * 1e3, (double)size.bytes / 1e6, size.leaves,
		size.entries, size.always);
	(void)printf(
		"%24s one PCRE2 pattern a rule: %.2f MB/s\n", "", run_patterns(posts, yaml));
	if (threads) {
		const double one = threads_run(posts, set, 1), two = threads_run(posts, set, 2);

		(void)printf("%24s two threads do %.2f of one's work\n", "", two / one);
	}
	peer_free(peer);
	(void)ruleset_scratch_free(scratch);
	(void)ruleset_unref(set);
	folded_deinit(&folded);
	arena_release(&literals.arena);
	free(literals.items);
}

/* What one more rule of a kind costs, from the difference of two sets. */
static void measure_cost(
	const struct posts *posts, const char *what, const char *format, size_t n)
{
	double with[ROUNDS], without[ROUNDS];
	struct ruleset *sets[2];
	struct ruleset_scratch *scratches[2] = {NULL, NULL};
	struct arena arena = {0};
	double read_s, build_s;

	for (int s = 0; s < 2; s++) {
		struct buf yaml = {0};

		rules_generate(&yaml, 1000);
		for (size_t i = 0; s && i < n; i++) {
			buf_addf(&yaml, "- {id: extra%zu, ", i);
			for (const char *c = format; *c; c++) {
				if (*c == '%')
					buf_addf(&yaml, "zyxwvu%zu", i);
				else
					buf_add_char(&yaml, *c);
			}
			buf_add_str(&yaml, "}\n");
		}
		sets[s] = build(buf_span(&yaml), "generated", &read_s, &build_s);
		if (ruleset_scratch_new(&scratches[s], sets[s]) < 0)
			abort();
		buf_deinit(&yaml);
	}
	for (int i = -1; i < ROUNDS; i++) {
		double start = now_s();

		(void)run_match(posts, sets[0], scratches[0], &arena);
		without[i < 0 ? 0 : i] = now_s() - start;
		start = now_s();
		(void)run_match(posts, sets[1], scratches[1], &arena);
		with[i < 0 ? 0 : i] = now_s() - start;
	}
	(void)printf("one more %-34s %8.2f ns a document\n", what,
		(median(with, ROUNDS) - median(without, ROUNDS)) / (double)n /
			(double)posts->n * 1e9);
	for (int s = 0; s < 2; s++) {
		(void)ruleset_scratch_free(scratches[s]);
		(void)ruleset_unref(sets[s]);
	}
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {100, 1000, 10000};
	struct posts posts = {0};
	bool threads = false, files = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--posts") == 0 && i + 1 < argc)
			posts_read(&posts, argv[++i]);
		else if (strcmp(argv[i], "--threads") == 0)
			threads = true;
	}
	if (!posts.n)
		posts_generate(&posts, 8000);
	(void)printf("%zu posts, %.2f MB, fold engine %s\n", posts.n, (double)posts.bytes / 1e6,
		fold_fastest()->name);
	for (int i = 1; i < argc; i++) {
		struct buf yaml = {0};

		if (strcmp(argv[i], "--posts") == 0) {
			i++;
			continue;
		}
		if (strcmp(argv[i], "--threads") == 0)
			continue;
		file_read_all(&yaml, argv[i]);
		measure(&posts, buf_span(&yaml), argv[i], threads);
		buf_deinit(&yaml);
		files = true;
	}
	for (size_t i = 0; !files && i < 3; i++) {
		struct buf yaml = {0};

		rules_generate(&yaml, sizes[i]);
		measure(&posts, buf_span(&yaml), "generated", threads || sizes[i] == 1000);
		buf_deinit(&yaml);
	}
	measure_cost(&posts, "rule of words", "query: '\"% corp\" OR @% OR #%*'", 1000);
	measure_cost(&posts, "regex behind a word", "query: '% /[0-9]+ ?€/'", 1000);
	measure_cost(&posts, "regex with a word inside", "regex: 'ref %-[0-9]+'", 200);
	measure_cost(&posts, "regex with part of a word", "regex: '\\w%[0-9]+'", 50);
	measure_cost(&posts, "regex with nothing to look for", "regex: '[0-9]+ ?[€$]'", 2);
	posts_release(&posts);
	return 0;
}
