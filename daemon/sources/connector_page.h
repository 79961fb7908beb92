#ifndef VIGIE_SOURCES_CONNECTOR_PAGE_H
#define VIGIE_SOURCES_CONNECTOR_PAGE_H

/*
 * connector_page: a forum or page without a feed, read by CSS selectors that the configuration
 * gives, in the form
 *
 *     - connector: page
 *       url: https://board.example/latest
 *       select:
 *         item: div.post
 *         id: .@id                    # an attribute of the item itself
 *         url: a.permalink@href
 *         title: h3 a
 *         text: div.content
 *         author: p.author a
 *         published: time@datetime
 *         next: a.next@href
 *
 * SELECTOR is the text of the first element it finds in the item, SELECTOR@NAME an attribute of
 * it, .@NAME one of the item; filters of expressions may follow behind a "|". What is made of
 * it is a connector like any other, with one ask ("page") whose base is the page's address.
 */

#include "sources/connector.h"

struct connector_select {
	struct span field, value;
	int line, column; /* of the value, for messages; 0: unknown */
};

/* 0; -EINVAL with what is wrong in errors; -ENOMEM. Nothing points into the rows afterwards. */
int connector_page_new(struct connector **ret, const struct connector_select *rows, size_t n,
	const char *file, struct err_list *errors);

#endif
