/*
 * connector_body: bodies of requests: forms (application/x-www-form-urlencoded) and JSON, whose
 * parts name their place: query/and/0/field_name.
 */

#include "sources/connector_inner.h"
#include "sources/url.h"

static void form_add(struct buf *out, struct expr_eval *e, const struct connector_part *part)
{
	const struct span value = connector_value(e, part->value);

	if (!value.n)
		return;
	if (out->n)
		buf_add_char(out, '&');
	url_escape(out, part->name);
	buf_add_char(out, '=');
	url_escape(out, value);
}

void connector_body_form(struct buf *out, struct expr_eval *e, const struct connector_ask *ask,
	const struct connector_ask *add)
{
	for (size_t i = 0; i < ask->n_form; i++)
		form_add(out, e, &ask->form[i]);
	for (size_t i = 0; add && i < add->n_form; i++)
		form_add(out, e, &add->form[i]);
}

/* --- JSON --------------------------------------------------------------------------------- */

struct node {
	struct span key;
	const struct tree *value; /* of a leaf */
	struct node *child, *next;
};

static void put_string(struct buf *out, struct span s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < ' ')
			buf_addf(out, "\\u%04x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static void put_value(struct buf *out, struct expr_eval *e, const struct tree *value)
{
	if (value->kind == TREE_LIST) {
		buf_add_char(out, '[');
		for (uint32_t i = 0; i < value->n; i++) {
			if (i)
				buf_add_char(out, ',');
			put_value(out, e, &value->items[i]);
		}
		buf_add_char(out, ']');
	} else if (value->kind == TREE_NUMBER || value->kind == TREE_BOOL) {
		buf_add(out, tree_text(value, e->arena));
	} else {
		put_string(out, tree_text(value, e->arena));
	}
}

static bool is_index(struct span key)
{
	return key.n && key.p[0] >= '0' && key.p[0] <= '9';
}

static void put_node(struct buf *out, struct expr_eval *e, const struct node *node)
{
	const bool list = node->child && is_index(node->child->key);

	if (!node->child) {
		put_value(out, e, node->value);
		return;
	}
	buf_add_char(out, list ? '[' : '{');
	for (const struct node *c = node->child; c; c = c->next) {
		if (c != node->child)
			buf_add_char(out, ',');
		if (!list) {
			put_string(out, c->key);
			buf_add_char(out, ':');
		}
		put_node(out, e, c);
	}
	buf_add_char(out, list ? ']' : '}');
}

static struct node *child_of(struct node *parent, struct expr_eval *e, struct span key)
{
	struct node **at = &parent->child;

	while (*at && !span_eq((*at)->key, key))
		at = &(*at)->next;
	if (!*at) {
		*at = arena_calloc(e->arena, 1, sizeof(**at));
		if (*at)
			(*at)->key = key;
		else
			e->failed = true;
	}
	return *at;
}

static void place(struct node *root, struct expr_eval *e, const struct connector_part *part)
{
	const struct tree *value = expr_value(e, part->value);
	struct node *at = root;

	if (!value || value->kind == TREE_OBJECT)
		return;
	for (size_t i = 0; at && i <= part->name.n;) {
		const struct span rest = span_slice(part->name, i, part->name.n);
		const size_t end = span_find(rest, '/');

		at = child_of(at, e, span_slice(rest, 0, end));
		i += end + 1;
	}
	if (at)
		at->value = value;
}

void connector_body_json(struct buf *out, struct expr_eval *e, const struct connector_ask *ask,
	const struct connector_ask *add)
{
	struct node root = {0};

	for (size_t i = 0; i < ask->n_json; i++)
		place(&root, e, &ask->json[i]);
	for (size_t i = 0; add && i < add->n_json; i++)
		place(&root, e, &add->json[i]);
	if (root.child)
		put_node(out, e, &root);
}
