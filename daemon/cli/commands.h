#ifndef VIGIE_CLI_COMMANDS_H
#define VIGIE_CLI_COMMANDS_H

/*
 * commands: the sub-commands of vigie, one file each in this folder, one row each in
 * commands[]. Results go to standard output, talk to standard error. Exit status: 0 done, 1 it
 * did not work, 2 what was asked is wrong (options, files, rules).
 */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *usage;   /* "[--base URL] FILE": what stands behind the name */
	const char *summary; /* one line, a verb first */
	/* argv[0] is the command's name. Returns the exit status. */
	int (*run)(int argc, char **argv);
};

/* Ends with a NULL name. In the order `vigie help` prints them. */
extern const struct command commands[];

/* Prints "usage: vigie NAME …" of a command on standard error; returns EXIT_USAGE. */
int command_usage(const char *name);

int command_auth(int argc, char **argv);
int command_check(int argc, char **argv);
int command_ack(int argc, char **argv);
int command_deliveries(int argc, char **argv);
int command_mute(int argc, char **argv);
int command_routes(int argc, char **argv);
int command_silence(int argc, char **argv);
int command_discover(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_export(int argc, char **argv);
int command_import(int argc, char **argv);
int command_match(int argc, char **argv);
int command_notify(int argc, char **argv);
int command_parse(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_report(int argc, char **argv);
int command_rules(int argc, char **argv);
int command_run(int argc, char **argv);
int command_search(int argc, char **argv);
int command_sources(int argc, char **argv);
int command_status(int argc, char **argv);
int command_version(int argc, char **argv);
int command_watch(int argc, char **argv);

#endif
