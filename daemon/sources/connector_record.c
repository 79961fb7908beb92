#include "sources/connector_inner.h"
#include "sources/url.h"
#include "vigie/utf8.h"

void connector_record_add(struct buf *out, struct span name, struct span value)
{
	if (out->n)
		buf_add_char(out, '&');
	url_escape(out, name);
	buf_add_char(out, '=');
	url_escape(out, value);
}

bool connector_record_next(
	struct span *name, struct span *value, struct arena *arena, struct span *rest)
{
	while (rest->n) {
		const size_t end = span_find(*rest, '&');
		const struct span one = span_slice(*rest, 0, end);
		const size_t equals = span_find(one, '=');

		*rest = span_slice(*rest, end + 1, rest->n);
		if (equals == one.n || !equals)
			continue;
		*name = url_unescape(arena, span_slice(one, 0, equals));
		*value = url_unescape(arena, span_slice(one, equals + 1, one.n));
		if (name->p && value->p && utf8_valid(*name) && utf8_valid(*value))
			return true;
	}
	return false;
}

struct expr_var *connector_vars_add(struct arena *arena, struct expr_var *vars, size_t *n,
	struct span name, struct span value)
{
	if (!(*n & (*n - 1))) {
		struct expr_var *grown = arena_calloc(arena, *n ? *n * 2 : 1, sizeof(*grown));

		if (!grown)
			return NULL;
		if (*n)
			memcpy(grown, vars, *n * sizeof(*grown));
		vars = grown;
	}
	vars[(*n)++] = (struct expr_var){name, value};
	return vars;
}
