#ifndef VIGIE_SOURCES_CONNECTOR_FILE_INNER_H
#define VIGIE_SOURCES_CONNECTOR_FILE_INNER_H

/*
 * connector_file_inner: what the readers of a connector file's parts share: a row a key, a line
 * an expression, every mistake with its place. Nobody else's business.
 */

#include "sources/connector.h"
#include "vigie/yaml.h"

struct file {
	struct connector *c;
	struct yaml y;
	struct span bytes; /* of the file, kept: block texts are found in them for messages */
	struct err_list *errors;
	int result;
};

#define mistake(f, node, ...)                                                                  \
	(connector_file_fail((f), yaml_err(&(f)->y, (node), (f)->errors, __VA_ARGS__)))

void connector_file_fail(struct file *f, int r);
void *connector_file_make(struct file *f, size_t n, size_t size);
struct span connector_file_text(struct file *f, const struct yaml_node *node);
struct expr *connector_file_expr(struct file *f, const struct yaml_node *node);
/* Digits, at most six; 0 after a mistake. */
int64_t connector_file_number(struct file *f, const struct yaml_node *node);
/* "15m" in milliseconds: a number and one of s, m, h, d, w. */
int64_t connector_file_duration(struct file *f, const struct yaml_node *node);
size_t connector_file_word(
	struct file *f, const struct yaml_node *value, const char *const *words, size_t n);

/* A row a key of a mapping: put() is called with the value. */
struct connector_file_key {
	const char *name;
	void (*put)(struct file *f, void *to, const struct yaml_node *value);
};

void connector_file_mapping(struct file *f, const struct yaml_node *node,
	const struct connector_file_key *keys, size_t n_keys, void *to);

/* One "name = expression" of a block. */
struct connector_file_line {
	struct expr_place place;
	struct span name; /* empty: there is no "=" */
	struct span value;
	struct expr_place value_place;
};

void connector_file_lines(struct file *f, const struct yaml_node *node, void *to,
	void (*put)(struct file *f, void *to, const struct connector_file_line *line));

#define line_mistake(f, line, ...)                                                             \
	(connector_file_fail((f), err_add((f)->errors, (line)->place.file, (line)->place.line, \
					  (line)->place.column, __VA_ARGS__)))

/* One more part at the end of a list. */
void connector_file_part(struct file *f, struct connector_part **list, size_t *n,
	struct span name, const struct connector_file_line *line);
/* {name: expression, …} */
void connector_file_parts(
	struct file *f, struct connector_part **list, size_t *n, const struct yaml_node *value);

/* Of the root: keys of connector_file_ask.c and connector_file_login.c. */
void connector_file_asks(struct file *f, void *to, const struct yaml_node *value);
void connector_file_logins(struct file *f, void *to, const struct yaml_node *value);
void connector_file_quota(struct file *f, void *to, const struct yaml_node *value);
void connector_file_query(struct file *f, void *to, const struct yaml_node *value);
void connector_file_params(struct file *f, void *to, const struct yaml_node *value);
/* A block of path, query.NAME … = expression, into a struct connector_ask. */
void connector_file_request(struct file *f, void *to, const struct yaml_node *value);
/* What asks name exists. */
void connector_file_asks_check(struct file *f);

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#endif
