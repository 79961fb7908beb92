#include <errno.h>
#include <limits.h>

#include <libxml/HTMLparser.h>

#include "sources/tree.h"

static struct span name_of(struct tree_builder *b, const char *mark, const xmlChar *name)
{
	return arena_printf(b->arena, "%s%s", mark, (const char *)name);
}

static void add_attributes(struct tree_builder *b, const xmlNode *element)
{
	for (const xmlAttr *a = element->properties; a; a = a->next) {
		const xmlChar *value = a->children && a->children->content
					       ? a->children->content
					       : BAD_CAST "";

		tree_build_text(b, TREE_STRING, name_of(b, "@", a->name),
			arena_dup(b->arena, span_str((const char *)value)));
	}
}

static void add_node(struct tree_builder *b, const xmlNode *node)
{
	if (node->type == XML_TEXT_NODE && node->content) {
		tree_build_text(b, TREE_STRING, SPAN_NONE,
			arena_dup(b->arena, span_str((const char *)node->content)));
	} else if (node->type == XML_ELEMENT_NODE) {
		const size_t depth = b->depth;

		tree_build_open(b, TREE_ELEMENT, name_of(b, "", node->name));
		if (b->depth == depth)
			return;
		b->open[depth].node.markup = true;
		add_attributes(b, node);
		for (const xmlNode *child = node->children; child && !b->full;
			child = child->next)
			add_node(b, child);
		tree_build_close(b, b->full);
	}
}

int tree_html(struct tree *ret, struct arena *arena, struct span body)
{
	struct tree_builder b = {.arena = arena};
	htmlDocPtr page = body.n && body.n < INT_MAX
				  ? htmlReadMemory(body.p, (int)body.n, NULL, "UTF-8",
					    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
						    HTML_PARSE_NOWARNING | HTML_PARSE_NONET)
				  : NULL;
	const xmlNode *root = page ? xmlDocGetRootElement(page) : NULL;

	if (root)
		add_node(&b, root);
	xmlFreeDoc(page);
	return tree_build_end(&b, ret, false);
}
