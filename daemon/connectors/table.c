/*
 * table: the table of the networks for vigie-sources(5), made of the connector files when the
 * manual is built, so that it can't say anything else. Writes the page given as argument to
 * standard output, with the table in place of the line "@networks@".
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/builtin.h"

static const char *const tiers[] = {"no way in", "open", "free key", "restricted or paid"};

/* scdoc's own signs stand for themselves. */
static void put(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (strchr("\\*_|[]", s.p[i]))
			(void)putchar('\\');
		(void)putchar(s.p[i] == '\n' ? ' ' : s.p[i]);
	}
}

static size_t lines_of(struct span file)
{
	size_t n = 0;

	for (size_t i = 0; i < file.n; i++)
		n += file.p[i] == '\n';
	return n;
}

static void put_asks(const struct connector *c)
{
	if (!c->n_asks) {
		(void)fputs("\nInstead: ", stdout);
		put(c->detour);
		(void)fputs(".\n", stdout);
	}
	for (size_t i = 0; i < c->n_asks; i++) {
		(void)fputs("- *", stdout);
		put(c->asks[i].name);
		(void)fputs("*: ", stdout);
		put(c->asks[i].about);
		(void)fputs(
			c->asks[i].wants == CONNECTOR_A_KEY ? " (with a key)\n" : "\n", stdout);
	}
}

static void put_list(const char *what, const struct connector_param *params, size_t n)
{
	if (!n)
		return;
	(void)printf("\n%s: ", what);
	for (size_t i = 0; i < n; i++) {
		(void)fputs(i ? "; *" : "*", stdout);
		put(params[i].name);
		(void)fputs("*, ", stdout);
		put(params[i].about);
	}
	(void)fputs(".\n", stdout);
}

static void put_logins(const struct connector *c)
{
	if (!c->n_logins)
		return;
	(void)printf("\n%s, one of: ", c->needs_login ? "Keys" : "Keys, where wanted");
	for (size_t i = 0; i < c->n_logins; i++) {
		const struct connector_login *l = &c->logins[i];

		if (i)
			(void)fputs("; ", stdout);
		for (size_t k = 0; k < l->n_needs; k++) {
			(void)fputs(k ? " and *" : "*", stdout);
			put(l->needs[k]);
			(void)fputs("*", stdout);
		}
		(void)fputs(" (", stdout);
		put(l->about);
		(void)fputs(l->has_consent ? ", by *vigie auth*)" : ")", stdout);
	}
	(void)fputs(".\n", stdout);
}

static void put_network(const struct connector *c, size_t lines)
{
	const struct {
		const char *name;
		struct span fact;
	} facts[] = {{"Access", c->auth}, {"Cost", c->cost}, {"Limits", c->limits},
		{"Terms", c->terms}};

	(void)fputs("## ", stdout);
	put(c->title);
	(void)printf("\n\n*%s*, tier %d (%s). ", c->network.p, c->tier, tiers[c->tier]);
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (facts[i].fact.n) {
			(void)printf("%s: ", facts[i].name);
			put(facts[i].fact);
			(void)fputs(". ", stdout);
		}
	(void)fputs("Facts of ", stdout);
	put(c->facts_date);
	(void)printf(", %s; %zu lines.\n\n",
		c->tier == 0  ? "checked"
		: c->verified ? "reproduces documented samples"
			      : "unverified",
		lines);
	put_asks(c);
	put_list("Parameters", c->params, c->n_params);
	put_logins(c);
	if (c->query.syntax.n) {
		(void)fputs("\nSearch: ", stdout);
		put(c->query.syntax);
		(void)fputs(c->query.either.n ? "; several names in one search.\n"
					      : "; a search for each name.\n",
			stdout);
	}
	(void)putchar('\n');
}

static int put_networks(void)
{
	for (const struct builtin *b = builtins; b->network; b++) {
		struct err_list errors = {0};
		struct connector *c = NULL;

		if (connector_new(&c, b->body, b->file, &errors) < 0) {
			err_list_print(&errors, stderr);
			err_list_deinit(&errors);
			return -1;
		}
		put_network(c, lines_of(b->body));
		connector_free(c);
	}
	return 0;
}

int main(int argc, char **argv)
{
	FILE *page = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[4096];

	if (!page) {
		(void)fputs("usage: connector-table PAGE\n", stderr);
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof(line), page)) {
		if (strcmp(line, "@networks@\n") != 0)
			(void)fputs(line, stdout);
		else if (put_networks() < 0)
			return EXIT_FAILURE;
	}
	(void)fclose(page);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
