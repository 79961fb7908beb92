#include "sources/connector_frame.h"

#include <errno.h>

/* Takes a line off; LF, CR LF and CR end it. False: no end of line is left. */
static bool take_line(struct span *rest, struct span *ret, bool last_counts)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	if (n == rest->n && (!n || !last_counts))
		return false;
	*ret = span_slice(*rest, 0, n);
	if (n + 1 < rest->n && rest->p[n] == '\r' && rest->p[n + 1] == '\n')
		n++;
	*rest = span_slice(*rest, n + 1, rest->n);
	return true;
}

int connector_frame_line(struct tree *ret, struct arena *arena, struct span *rest)
{
	struct span line;

	while (take_line(rest, &line, true)) {
		line = span_trim(line);
		if (!tree_looks_like_json(line))
			continue;
		return tree_json(ret, arena, line) < 0 ? -ENOMEM : 1;
	}
	return 0;
}

static int make_event(struct tree *ret, struct arena *arena, struct span event, struct span id,
	struct span data)
{
	struct tree *items = arena_calloc(arena, 3, sizeof(*items));

	if (!items || !data.p)
		return -ENOMEM;
	if (tree_looks_like_json(data)) {
		if (tree_json(&items[2], arena, data) < 0)
			return -ENOMEM;
	} else {
		items[2] =
			(struct tree){.kind = TREE_STRING, .n = (uint32_t)data.n, .p = data.p};
	}
	items[0] = (struct tree){.kind = TREE_STRING, .n = (uint32_t)event.n, .p = event.p};
	items[1] = (struct tree){.kind = TREE_STRING, .n = (uint32_t)id.n, .p = id.p};
	items[0].name = SPAN("event");
	items[1].name = SPAN("id");
	items[2].name = SPAN("data");
	*ret = (struct tree){.kind = TREE_OBJECT, .n = 3, .items = items};
	return 1;
}

int connector_frame_event(struct tree *ret, struct arena *arena, struct span *rest)
{
	struct span line, event = SPAN("message"), id = SPAN("");
	struct buf data = {0};
	bool any = false;
	int r = 0;

	while (take_line(rest, &line, false)) {
		const size_t colon = span_find(line, ':');
		const struct span name = span_slice(line, 0, colon);
		struct span value = span_slice(line, colon + 1, line.n);

		if (!line.n && any) {
			data.n -= data.n > 0; /* the line end behind the last line */
			r = data.failed ? -ENOMEM
					: make_event(ret, arena, event, id,
						  arena_dup(arena, buf_span(&data)));
			break;
		}
		if (!line.n) { /* an event without data is none */
			event = SPAN("message");
			continue;
		}
		if (value.n && value.p[0] == ' ')
			value = span_slice(value, 1, value.n);
		if (span_eq_str(name, "data")) {
			buf_add(&data, value);
			buf_add_char(&data, '\n');
			any = true;
		} else if (span_eq_str(name, "event")) {
			event = value;
		} else if (span_eq_str(name, "id")) {
			id = value;
		}
	}
	buf_deinit(&data);
	return r;
}
