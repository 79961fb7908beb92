#ifndef VIGIE_CONFIG_ASKING_H
#define VIGIE_CONFIG_ASKING_H

/*
 * config/asking: what one line of the configuration asks of one network, and a source made of
 * it: its variables, its quotas, its id, its account. Private to connectors.c, which
 * decides how many sources a line becomes.
 */

#include "config/keys.h"
#include "config/sources.h"
#include "sources/connector_query.h"

enum {
	VARS_MAX = 32, /* of one source, keys among them */
	QUOTAS_MAX = 8,
	DEFAULT_EVERY_MS = 15 * 60 * 1000,
	LEAST_EVERY_MS = 60 * 1000,
};

/* A variable that the configuration gives. */
struct given {
	struct span name;
	const struct yaml_node *node;
	struct text *values; /* several: a source for each */
	size_t n;
	bool secret;
};

/* What a line asks for. */
struct asking {
	struct reader *r;
	const struct manner *m;
	const struct connector *c;
	const struct connector_ask *ask;
	struct span base; /* given; empty: the network's own */
	struct given given[VARS_MAX];
	size_t n_given;
	size_t chosen[VARS_MAX]; /* which value of each */
	struct connector_quota quotas[QUOTAS_MAX];
	size_t n_quotas;
	bool own_quotas;                 /* the line says some */
	struct connector_select *select; /* of a page */
	size_t n_select;
	bool wrong;
};

#define asking_mistake(a, node, ...)                                                           \
	do {                                                                                   \
		(a)->wrong = true;                                                             \
		mistake((a)->r, (a)->m->y, (node), __VA_ARGS__);                               \
	} while (0)

/* The variables that stand beside the keys of every source, and under vars:. */
void asking_read_given(struct asking *a);
/* What is given of it: the value chosen among several; empty when it is not. */
struct span asking_value(const struct asking *a, struct span name);
/* The line's own, or the connector's. */
void asking_read_quotas(struct asking *a);
/* One source: for this search (NULL: it searches nothing), with the name and the language in
 * its id. */
void asking_make_source(struct asking *a, const struct connector_search *search,
	struct span name, struct span lang);

#endif
