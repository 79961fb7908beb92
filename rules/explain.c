/*
 * explain: a rule's tree over one item: what is true of it, and where. Nothing is skipped here:
 * each node is asked.
 */
#include <errno.h>
#include <stdlib.h>

#include "scratch.h"

struct explainer {
	struct ruleset_scratch *s;
	struct arena *arena;
};

static void label_term(struct buf *out, const struct leaf *l)
{
	const bool quoted = l->n_tokens > 1;

	buf_add_str(out, l->exact ? "=" : "");
	buf_add_str(out, quoted ? "\"" : "");
	for (uint32_t i = 0; i < l->n_tokens; i++) {
		const struct leaf_token *t = &l->tokens[i];

		buf_add_str(out, i ? " " : "");
		if (t->sigil)
			buf_add_char(out, t->sigil);
		buf_add(out, l->exact ? t->own : t->text);
		buf_add_str(out, t->kind == TOKEN_PREFIX ? "*" : "");
	}
	buf_add_str(out, quoted ? "\"" : "");
	if (l->slop)
		buf_addf(out, "~%u", l->slop);
}

static void label_leaf(struct buf *out, const struct leaf *l)
{
	for (int f = 0; f < ITEM_FIELDS; f++)
		if (l->fields == 1U << f)
			buf_addf(out, "%s:", item_field_names[f]);
	if (l->kind == NODE_TERM) {
		label_term(out, l);
		return;
	}
	buf_add_char(out, '/');
	buf_add(out, l->regex->pattern);
	buf_add_char(out, '/');
	buf_add_str(out, l->regex->flags & REGEX_I ? "i" : "");
	buf_add_str(out, l->regex->flags & REGEX_M ? "m" : "");
	buf_add_str(out, l->regex->flags & REGEX_S ? "s" : "");
}

static void label_number(struct buf *out, const struct number_test *t)
{
	buf_addf(out, "%s:", number_field_names[t->field]);
	if (t->low == t->high)
		buf_addf(out, "%g", t->low);
	else if (!t->low_in || !t->high_in || (isinf(t->low) && isinf(t->high)))
		buf_addf(out, "%s%g", t->low_in ? "<" : ">", t->low_in ? t->high : t->low);
	else if (isinf(t->low))
		buf_addf(out, "<=%g", t->high);
	else if (isinf(t->high))
		buf_addf(out, ">=%g", t->low);
	else
		buf_addf(out, "%g..%g", t->low, t->high);
}

static struct span label(struct explainer *e, const struct op *op)
{
	static const char *const names[] = {"AND", "OR", "NOT"};
	const struct ruleset *set = e->s->set;
	struct buf out = {0};
	struct span s;

	switch ((enum node_kind)op->kind) {
	case NODE_TERM:
	case NODE_REGEX:
		label_leaf(&out, &set->leaves[op->arg]);
		break;
	case NODE_VALUE:
		buf_addf(&out, "%s:%.*s", value_field_names[set->values[op->arg].field],
			SPAN_ARG(set->values[op->arg].value));
		break;
	case NODE_NUMBER:
		label_number(&out, &set->numbers[op->arg]);
		break;
	case NODE_OF:
		buf_addf(&out, "%u OF", op->arg);
		break;
	case NODE_NEAR:
		buf_addf(&out, "%sNEAR/%u", op->ordered ? "O" : "", op->distance);
		break;
	default:
		buf_add_str(&out, names[op->kind]);
	}
	s = out.failed ? SPAN_NONE : arena_dup(e->arena, buf_span(&out));
	buf_deinit(&out);
	return s;
}

static int keep_spans(struct explainer *e, const struct op *op, struct explained *ret)
{
	struct match_span *spans;

	e->s->n_spans = 0;
	evaluate_spans(e->s, op);
	spans_settle(e->s);
	spans = arena_alloc(e->arena, e->s->n_spans * sizeof(*spans) + 1);
	if (!spans)
		return -ENOMEM;
	if (e->s->n_spans)
		memcpy(spans, e->s->spans, e->s->n_spans * sizeof(*spans));
	ret->spans = spans;
	ret->n_spans = e->s->n_spans;
	return 0;
}

static int explain(struct explainer *e, const struct op *op, struct explained *ret)
{
	struct explained *children;
	int r = 0;

	*ret = (struct explained){.label = label(e, op), .holds = evaluate(e->s, op)};
	for (const struct op *c = op + 1; c < op + op->next; c += c->next)
		ret->n_children++;
	children = arena_calloc(e->arena, ret->n_children + 1, sizeof(*children));
	if (!children || !ret->label.p)
		return -ENOMEM;
	ret->children = children;
	for (const struct op *c = op + 1; c < op + op->next && r >= 0; c += c->next)
		r = explain(e, c, &children[c->place]);
	if (r >= 0 && ret->holds &&
		(op->kind == NODE_TERM || op->kind == NODE_REGEX || op->kind == NODE_NEAR))
		r = keep_spans(e, op, ret);
	return e->s->no_memory ? -ENOMEM : r;
}

int ruleset_explain(const struct ruleset *set, struct ruleset_scratch *scratch, size_t i,
	const struct item *item, const struct match_context *context, struct arena *arena,
	struct explained *ret)
{
	const struct set_rule *rule = &set->rules[i];
	struct explainer e = {scratch, arena};
	bool speaks = span_empty(item->lang) || !rule->n_languages;
	int r;

	for (uint32_t k = 0; k < rule->n_languages; k++)
		speaks |= lang_is(item->lang, rule->languages[k]);
	if (!rule->enabled || !speaks) {
		*ret = (struct explained){
			.label = rule->enabled ? SPAN("languages:") : SPAN("enabled: false")};
		return 0;
	}
	r = document_begin(scratch, item, context);
	return r < 0 ? r : explain(&e, set->code + rule->code, ret);
}
