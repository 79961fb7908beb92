/*
 * bench config: what it takes to read 10,000 rules and 10,000 sources from one file: the YAML
 * alone, then all of it, rules compiled.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/config.h"
#include "vigie/yaml.h"

enum { RULES = 10000, SOURCES = 10000, ROUNDS = 5 };

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void report(const char *what, double *took)
{
	double best = took[0];

	for (int i = 1; i < ROUNDS; i++)
		best = took[i] < best ? took[i] : best;
	(void)printf("%-28s %7.1f ms (best of %d)\n", what, best, ROUNDS);
}

int main(void)
{
	struct err_list errors = {0};
	struct buf text = {0};
	double yaml[ROUNDS], whole[ROUNDS];

	buf_add_str(&text, "state: /state\nrules:\n");
	for (int i = 0; i < RULES; i++)
		buf_addf(&text,
			"  - {id: rule-%d, kind: topic, query: '(\"Air France %d\" OR \"some "
			"name %d\") NOT "
			"title:\"France Info\"', tags: [a, b], weight: 1}\n",
			i, i, i);
	buf_add_str(&text, "sources:\n");
	for (int i = 0; i < SOURCES; i++)
		buf_addf(&text, "  - https://site%d.example.org/feed.xml\n", i);
	if (buf_result(&text) < 0)
		return 1;
	for (int i = 0; i < ROUNDS; i++) {
		struct config *config = NULL;
		const double start = now_ms();
		double middle;
		struct yaml y = {0};

		if (yaml_read(&y, buf_span(&text), "bench", &errors) < 0)
			return 1;
		yaml_deinit(&y);
		middle = now_ms();
		if (config_read(&config, buf_span(&text), "bench", "/", NULL, &errors) < 0)
			return 1;
		config_unref(config);
		yaml[i] = middle - start;
		whole[i] = now_ms() - middle;
	}
	(void)printf("%d rules, %d sources, %zu bytes\n", RULES, SOURCES, text.n);
	report("YAML", yaml);
	report("the whole configuration", whole);
	buf_deinit(&text);
	return 0;
}
