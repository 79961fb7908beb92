#include "cli/commands.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/mentions.h"

const struct command commands[] = {
	{"run", "[-c FILE] [--mentions] [--quiet|--verbose]",
		"read, match, keep and tell: the daemon, until it is stopped", command_run},
	{"watch",
		"[--slack URL] [--email ADDRESS] [--state DIR] [--history 24h] [--every TIME] "
		"[--allow RANGE] [--base NETWORK=URL]… NAME…",
		"watch names on every open source, with no configuration", command_watch},
	{"check", "[-c FILE] [--expand] [--json]",
		"read the configuration and say all that is wrong with it", command_check},
	{"status", "[-c FILE] [--state DIR] [--json]",
		"say what the running daemon does, source by source", command_status},
	{"deliveries",
		"[list|show ID|redrive [ID|--all]|drop ID] [-c FILE] [--state DIR] [--json]",
		"show what waits, what was given up and why; try it again", command_deliveries},
	{"silence",
		"[list | add --match KEY=VALUE… --for TIME|--until TIME [--comment TEXT] "
		"[--author NAME] "
		"[--receiver ID] | remove ID] [-c FILE] [--state DIR] [--json]",
		"tell nobody of what matches, for a time", command_silence},
	{"mute",
		"[list | author|site VALUE [--for TIME] [--receiver ID] [--remove]] [-c FILE] "
		"[--state DIR] [--json]",
		"tell nobody of an author or a site", command_mute},
	{"ack", "GROUP|STORY [--receiver ID] [-c FILE] [--state DIR] [--json]",
		"end the repeats of a group, the updates of a story", command_ack},
	{"routes", "test [FILE|-] [--files] [-c FILE] [--json]",
		"say who would hear of documents, and why", command_routes},
	{"notify", "test RECEIVER [-c FILE] [--json]",
		"send one real message to a receiver and show what went over the wire",
		command_notify},
	{"reload", "[-c FILE] [--state DIR]",
		"make the running daemon read its configuration again", command_reload},
	{"search", "[--json] " MENTIONS_USAGE, "find mentions in the archive, the newest first",
		command_search},
	{"explain", "[--json] [-c FILE] [--state DIR] URL|ID",
		"say why something came, or the first stage that stopped it", command_explain},
	{"export", "[--format jsonl|csv] " MENTIONS_USAGE,
		"print mentions of the archive for other programs, the oldest first",
		command_export},
	{"report",
		"[--period week|day|month|FROM..TO] [--format md|html|json] [--lang fr|en] "
		"[--tz ZONE] [--state DIR | -c FILE]",
		"print the competitor-watch report of a period, beside the one before it",
		command_report},
	{"parse",
		"[--base URL] [--content-type TYPE] [--connector NETWORK[/MAP] [--var "
		"NAME=VALUE]… "
		"[--http]] FILE",
		"print what the crawler would see in a document: one JSON item a line",
		command_parse},
	{"sources",
		"[list [-c FILE]|show NETWORK] [--json] | try NETWORK [--query X] [--base URL] "
		"[--ask WAY] "
		"[--var NAME=VALUE]… [--allow RANGE] [-c FILE]",
		"say which networks can be read, and on what terms; ask one", command_sources},
	{"auth", "NETWORK [-c FILE]", "let a person agree that a network is read as them",
		command_auth},
	{"discover", "[--base URL] [--content-type TYPE] [--guess] [--allow RANGE] FILE|URL",
		"print the feeds an HTML page names: one JSON object a line", command_discover},
	{"match", "--rules FILE… [--stats] [FILE]",
		"ask rules about documents: JSON lines in, one JSON line a hit out",
		command_match},
	{"rules", "test|lint FILE… | explain [--rules FILE] RULE|QUERY TEXT",
		"run the tests beside rules, find doubtful ones, explain a match",
		command_rules},
	{"import", "opml FILE [-o FILE]",
		"turn another reader's subscriptions into sources for the configuration",
		command_import},
	{"version", "", "print the version", command_version},
	{NULL, NULL, NULL, NULL},
};

int command_usage(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			(void)fprintf(stderr, "usage: vigie %s %s\n", c->name, c->usage);
	return EXIT_USAGE;
}
