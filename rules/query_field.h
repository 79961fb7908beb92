#ifndef RULES_QUERY_FIELD_H
#define RULES_QUERY_FIELD_H

/*
 * query_field: fields of a query, their values and numbers.
 */

#include "query_parser.h"

/* A word that names a field has its colon at the returned offset in it; else 0. */
size_t parser_field_colon(struct span word);

/* The field whose name stands at p->i. */
struct node *parser_field(struct parser *p, size_t at, struct span name);

#endif
