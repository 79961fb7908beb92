#include "cli/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "printer.h"

static long long number(const json_t *root, const char *station, const char *key)
{
	const json_t *at = station ? json_object_get(root, station) : root;

	return (long long)json_integer_value(json_object_get(at, key));
}

static void print_ago(const char *rfc3339, struct wall now)
{
	const struct wall then = wall_parse_rfc3339(span_str(rfc3339));
	const long long s = wall_known(then) ? (long long)(now.ms - then.ms) / 1000 : 0;

	if (!wall_known(then))
		(void)printf("%-9s", "never");
	else if (s < 120)
		(void)printf("%4lld s   ", s < 0 ? 0 : s);
	else if (s < 7200)
		(void)printf("%4lld min ", s / 60);
	else if (s < 172800)
		(void)printf("%4lld h   ", s / 3600);
	else
		(void)printf("%4lld d   ", s / 86400);
}

static void print_text(const char *s)
{
	printer_text(stdout, span_str(s));
}

static void print_sources(const json_t *root, struct wall now)
{
	const json_t *sources = json_object_get(root, "sources");
	const json_t *source;
	size_t i;

	(void)printf("\n%-28s %-9s %7s %6s  %s\n", "source", "read", "items", "hits", "state");
	json_array_foreach (sources, i, source) {
		const char *error = answer_text(source, "error");
		const char *mark = answer_text(source, "mark");

		(void)printf("%-28s ", answer_text(source, "id"));
		print_ago(answer_text(source, "last_read"), now);
		(void)printf(" %7lld %6lld  ", number(source, NULL, "items"),
			number(source, NULL, "hits"));
		if (*mark) {
			print_text(mark);
			(void)fputs(*error ? ": " : "", stdout);
		}
		if (*error)
			print_text(error);
		else if (!*mark)
			(void)fputs(*answer_text(source, "last_try") ? "ok" : "not read yet",
				stdout);
		(void)fputc('\n', stdout);
	}
}

/* "networks   youtube@www.googleapis.com: spent 300 of 10000 a day". */
static void print_accounts(const json_t *root)
{
	static const struct {
		long long s;
		const char *name;
	} units[] = {{86400, "a day"}, {3600, "an hour"}, {60, "a minute"}, {1, "a second"}};
	const json_t *account, *quota;
	size_t i, k;

	json_array_foreach (json_object_get(root, "accounts"), i, account) {
		(void)printf("%-10s ", i ? "" : "networks");
		print_text(answer_text(account, "account"));
		json_array_foreach (json_object_get(account, "quotas"), k, quota) {
			const long long per_s = number(quota, NULL, "per_s");
			size_t u = 0;

			while (u < 3 && units[u].s != per_s)
				u++;
			(void)printf("%s spent %lld of %lld ", k ? "," : ":",
				number(quota, NULL, "spent"), number(quota, NULL, "most"));
			if (units[u].s == per_s)
				(void)fputs(units[u].name, stdout);
			else
				(void)printf("in %lld s", per_s);
		}
		if (*answer_text(account, "paused_until"))
			(void)printf(
				"; left alone until %s", answer_text(account, "paused_until"));
		(void)fputc('\n', stdout);
	}
}

/* The law of vigie-desk(7): what became of all that was meant for a receiver. */
static void print_receivers(const json_t *root)
{
	static const char *const parts[] = {
		"sent", "digested", "muted", "silenced", "folded", "dead"};
	const json_t *list = json_object_get(root, "receivers"), *one;
	size_t i;

	json_array_foreach (list, i, one) {
		(void)printf("%s%s: %lld =", answer_text(one, "id"),
			json_is_true(json_object_get(one, "removed")) ? " (removed)" : "",
			number(one, NULL, "candidates"));
		for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++)
			(void)printf("%s %lld %s", k ? " +" : "", number(one, NULL, parts[k]),
				parts[k]);
		(void)printf(" + %lld pending%s\n",
			number(one, NULL, "waiting") + number(one, NULL, "in_digest") +
				number(one, NULL, "on_way"),
			json_is_true(json_object_get(one, "lawful")) ? ""
								     : "  DOES NOT ADD UP");
	}
}

static void print_people(const json_t *root)
{
	const struct wall started = wall_parse_rfc3339(span_str(answer_text(root, "started")));
	const struct wall now = {started.ms + number(root, NULL, "uptime_s") * 1000};
	const json_t *deliveries = json_object_get(root, "deliveries");
	const json_t *steps = json_object_get(json_object_get(root, "loop"), "longest");
	const char *longest = answer_text(json_array_get(steps, 0), "by");
	const char *state;
	const json_t *count;

	(void)printf("vigie %s, up since %s\n", answer_text(root, "version"),
		answer_text(root, "started"));
	if (*answer_text(root, "trouble")) {
		(void)fputs("TROUBLE    ", stdout);
		print_text(answer_text(root, "trouble"));
		(void)fputc('\n', stdout);
	}
	(void)printf("rules      %lld\n", number(root, NULL, "rules"));
	(void)printf(
		"sources    %lld, %lld failing; %lld fetches, %lld unchanged, %lld failed\n",
		number(root, "crawl", "sources"), number(root, "crawl", "failing"),
		number(root, "crawl", "fetches"), number(root, "crawl", "unchanged"),
		number(root, "crawl", "failed"));
	(void)printf("redis      %s, %s; %lld hits, %lld commits; spool %lld bytes\n",
		answer_text(root, "redis"), number(root, "queue", "up") ? "up" : "DOWN",
		number(root, "queue", "hits"), number(root, "queue", "commits"),
		number(root, "queue", "spool_bytes"));
	(void)printf("archive    %lld mentions filed, %lld waiting, %lld lost\n",
		number(root, "archive", "mentions"), number(root, "archive", "waiting"),
		number(root, "archive", "lost"));
	(void)printf("loop       longest step %lld ms (%s), %lld above 50 ms\n",
		number(root, "loop", "longest_ms"), *longest ? longest : "none yet",
		number(root, "loop", "blocked"));
	(void)fputs("deliveries", stdout);
	json_object_foreach ((json_t *)deliveries, state, count) {
		(void)printf(" %s %lld", state, (long long)json_integer_value(count));
	}
	(void)fputc('\n', stdout);
	print_receivers(root);
	print_accounts(root);
	print_sources(root, now);
}

int command_status(int argc, char **argv)
{
	struct ask_options options;
	struct buf answer = {0};
	json_t *root = NULL;
	int status = ask_options_read(&options, argc, argv);

	if (status != EXIT_DONE)
		return status;
	status = ask_daemon(&answer, &options, "GET", "/status", SPAN_NONE);
	if (status == EXIT_DONE) {
		root = json_loadb(answer.p, answer.n, 0, NULL);
		if (options.json)
			(void)printf("%s\n", answer.p);
		else
			print_people(root);
	}
	json_decref(root);
	buf_deinit(&answer);
	return status;
}
