#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sources/connector_inner.h"
#include "sources/connector_frame.h"
#include "sources/date.h"
#include "sources/draft.h"
#include "sources/encoding.h"
#include "sources/text.h"
#include "sources/url.h"
#include "vigie/utf8.h"

enum {
	/* Of the tree and all values while an answer is read: a tree of small numbers is some
	 * thirty times its bytes. */
	SCRATCH_MAX_BYTES = 256 * 1024 * 1024,
	MAX_CHILD_DEPTH = 64, /* replies to replies */
	MAX_TOMBSTONES = 10000,
	MAX_NEXTS = 8, /* parameters of a next page */
};

struct reading {
	struct connector_result *out;
	struct arena *arena;
	struct arena scratch;
	const struct connector_map *map;
	size_t max_items;
	size_t bytes; /* kept */
	const struct connector_options *options;
	struct expr_eval e;
	struct buf line;
	bool failed; /* no memory for what is kept */
};

static struct span keep(struct reading *r, struct span s)
{
	struct span kept;

	if (!s.n)
		return SPAN_NONE;
	r->bytes += s.n;
	kept = arena_dup(r->arena, s);
	r->failed = r->failed || !kept.p;
	return kept;
}

static const struct tree *field(struct reading *r, enum connector_field f)
{
	const struct expr *x = r->map->fields[f];

	return x ? expr_value(&r->e, x) : NULL;
}

/* A list stands for its first. */
static struct span scalar(struct reading *r, const struct tree *value)
{
	while (value && value->kind == TREE_LIST)
		value = value->n ? &value->items[0] : NULL;
	return span_trim(tree_text(value, r->e.arena));
}

static struct span short_text(struct reading *r, enum connector_field f)
{
	const struct span s = scalar(r, field(r, f));

	return s.n > READ_MAX_VALUE_BYTES ? SPAN_NONE : keep(r, s);
}

/* What a page names is relative to it. */
static struct span address(struct reading *r, enum connector_field f)
{
	const struct span s = short_text(r, f);

	return r->options->base.n && s.n ? url_resolve(r->arena, r->options->base, s) : s;
}

static struct span tidy(struct reading *r, enum connector_field f,
	void (*put)(struct buf *out, struct span s), size_t max_bytes)
{
	const struct span s = scalar(r, field(r, f));

	if (!s.n)
		return SPAN_NONE;
	buf_clear(&r->line);
	put(&r->line, utf8_prefix(s, max_bytes));
	return keep(r, buf_span(&r->line));
}

static double number(struct reading *r, enum connector_field f)
{
	const struct span s = scalar(r, field(r, f));
	char text[64], *end;
	double v;

	if (!s.n || s.n >= sizeof(text) || !strchr("+-.0123456789", s.p[0]))
		return NAN;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	v = strtod(text, &end);
	return *end == '\0' && isfinite(v) ? v : NAN;
}

static struct wall instant(struct reading *r, enum connector_field f)
{
	const struct tree *value = field(r, f);
	struct wall t;

	while (value && value->kind == TREE_LIST)
		value = value->n ? &value->items[0] : NULL;
	if (!value)
		return WALL_NONE;
	t = value->kind == TREE_TIME ? value->time
				     : date_parse(span_trim(tree_text(value, r->e.arena)));
	return t;
}

struct gathered {
	struct span items[READ_MAX_LIST];
	size_t n;
};

static void gather(struct reading *r, struct gathered *g, const struct tree *value)
{
	struct span s;

	if (!value || g->n == READ_MAX_LIST)
		return;
	if (value->kind == TREE_LIST) {
		for (uint32_t i = 0; i < value->n; i++)
			gather(r, g, &value->items[i]);
		return;
	}
	s = span_trim(tree_text(value, r->e.arena));
	if (!s.n || s.n > READ_MAX_VALUE_BYTES)
		return;
	for (size_t i = 0; i < g->n; i++)
		if (span_eq(g->items[i], s))
			return;
	g->items[g->n++] = keep(r, s);
}

static const struct span *list(struct reading *r, enum connector_field f, size_t *ret_n)
{
	const struct tree *value = field(r, f);
	struct gathered g = {.n = 0};
	struct span *kept;

	*ret_n = 0;
	gather(r, &g, value);
	if (!g.n)
		return NULL;
	kept = arena_alloc(r->arena, g.n * sizeof(*kept));
	if (!kept) {
		r->failed = true;
		return NULL;
	}
	memcpy(kept, g.items, g.n * sizeof(*kept));
	*ret_n = g.n;
	return kept;
}

static enum item_kind kind(struct reading *r)
{
	const struct span s = scalar(r, field(r, CONNECTOR_KIND));

	for (int i = 0; i < ITEM_KINDS; i++)
		if (span_eq_str(s, item_kind_names[i]))
			return (enum item_kind)i;
	return ITEM_POST;
}

static void fill(struct reading *r, struct item *item)
{
	item->url = address(r, CONNECTOR_URL);
	item->title = tidy(r, CONNECTOR_TITLE, text_line, READ_MAX_TITLE_BYTES);
	item->text = tidy(r, CONNECTOR_TEXT, text_lines, READ_MAX_TEXT_BYTES);
	item->author.name = tidy(r, CONNECTOR_AUTHOR_NAME, text_line, READ_MAX_VALUE_BYTES);
	item->author.handle = short_text(r, CONNECTOR_AUTHOR_HANDLE);
	item->author.url = address(r, CONNECTOR_AUTHOR_URL);
	item->author.followers = number(r, CONNECTOR_AUTHOR_FOLLOWERS);
	item->published = instant(r, CONNECTOR_PUBLISHED);
	item->updated = instant(r, CONNECTOR_UPDATED);
	item->lang = short_text(r, CONNECTOR_LANG);
	item->tags = list(r, CONNECTOR_TAGS, &item->n_tags);
	item->kind = kind(r);
	item->parent = short_text(r, CONNECTOR_PARENT);
	item->numbers.likes = number(r, CONNECTOR_LIKES);
	item->numbers.shares = number(r, CONNECTOR_SHARES);
	item->numbers.replies = number(r, CONNECTOR_REPLIES);
	item->numbers.views = number(r, CONNECTOR_VIEWS);
	item->numbers.rating = number(r, CONNECTOR_RATING);
	item->media = list(r, CONNECTOR_MEDIA, &item->n_media);
	item->place.name = short_text(r, CONNECTOR_PLACE_NAME);
	item->place.country = short_text(r, CONNECTOR_PLACE_COUNTRY);
	item->place.lat = number(r, CONNECTOR_PLACE_LAT);
	item->place.lon = number(r, CONNECTOR_PLACE_LON);
}

static void bury(struct reading *r, struct span id)
{
	struct connector_result *out = r->out;

	if (out->n_tombstones == MAX_TOMBSTONES) {
		out->more = true;
		return;
	}
	if (out->n_tombstones == out->tombstones_capacity) {
		const size_t capacity = out->n_tombstones ? out->n_tombstones * 2 : 16;
		struct span *grown = arena_calloc(r->arena, capacity, sizeof(*grown));

		if (!grown) {
			r->failed = true;
			return;
		}
		if (out->n_tombstones)
			memcpy(grown, out->tombstones, out->n_tombstones * sizeof(*grown));
		out->tombstones = grown;
		out->tombstones_capacity = capacity;
	}
	out->tombstones[out->n_tombstones++] = id;
}

/* The name a deletion will use, where it is another one. */
static void name_too(struct reading *r, struct span id)
{
	const struct span alias = short_text(r, CONNECTOR_ALIAS);
	struct connector_result *out = r->out;

	if (!alias.n || span_eq(alias, id))
		return;
	if (!(out->n_aliases & (out->n_aliases - 1))) {
		struct connector_alias *grown = arena_calloc(
			r->arena, out->n_aliases ? out->n_aliases * 2 : 1, sizeof(*grown));

		if (!grown) {
			r->failed = true;
			return;
		}
		if (out->n_aliases)
			memcpy(grown, out->aliases, out->n_aliases * sizeof(*grown));
		out->aliases = grown;
	}
	out->aliases[out->n_aliases++] = (struct connector_alias){alias, id};
}

static bool enough(struct reading *r)
{
	if (r->out->items.n < r->max_items && r->bytes < READ_MAX_TOTAL_BYTES &&
		r->scratch.total_bytes < SCRATCH_MAX_BYTES - 4 * ARENA_BLOCK_MAX)
		return r->failed || r->e.failed;
	r->out->more = true;
	return true;
}

static void read_one(struct reading *r, const struct tree *value)
{
	struct item item = item_empty();

	r->out->seen++;
	if (field(r, CONNECTOR_SKIP))
		return;
	item.id = short_text(r, CONNECTOR_ID);
	item.id_is_own = item.id.n > 0;
	if (!item.id.n)
		item.id = address(r, CONNECTOR_URL);
	if (!item.id.n || r->e.failed)
		return;
	if (field(r, CONNECTOR_DELETED)) {
		bury(r, item.id);
		return;
	}
	if (value->cut) {
		r->out->cut = true;
		return;
	}
	fill(r, &item);
	/* What ran out of steps half-way is not the truth. */
	if (r->e.failed || r->failed)
		return;
	if (item_list_add(&r->out->items, r->arena, &item) < 0)
		r->failed = true;
	name_too(r, item.id);
}

static void read_items(
	struct reading *r, const struct tree *value, const struct tree *parent, int depth)
{
	const struct tree *children;

	if (!value || value->kind == TREE_NULL || enough(r))
		return;
	if (value->kind == TREE_LIST) {
		for (uint32_t i = 0; i < value->n; i++)
			read_items(r, &value->items[i], parent, depth);
		return;
	}
	r->e.item = value;
	r->e.parent = parent;
	read_one(r, value);
	if (!r->map->children || depth == MAX_CHILD_DEPTH)
		return;
	r->e.item = value;
	children = expr_value(&r->e, r->map->children);
	read_items(r, children, value, depth + 1);
}

static void read_parent(struct reading *r, const struct tree *parent)
{
	r->e.item = parent;
	r->e.parent = NULL;
	read_items(r, expr_value(&r->e, r->map->items), r->map->parents ? parent : NULL, 0);
}

static void next_add(struct reading *r, struct span name, struct span value)
{
	struct connector_result *out = r->out;
	struct expr_var *grown;

	if (!value.n || out->n_nexts == MAX_NEXTS)
		return;
	grown = connector_vars_add(
		r->arena, out->nexts, &out->n_nexts, keep(r, name), keep(r, value));
	r->failed = r->failed || !grown;
	out->nexts = grown ? grown : out->nexts;
}

/* What the next page is asked with. An object gives all its members (MediaWiki's `continue`).
 */
static void read_next(struct reading *r)
{
	struct connector_result *out = r->out;

	out->nexts = NULL;
	out->n_nexts = 0;
	out->next_param = out->next_value = SPAN_NONE;
	for (size_t i = 0; i < r->map->n_nexts && !r->e.failed; i++) {
		const struct tree *value = expr_value(&r->e, r->map->nexts[i].value);

		if (value && value->kind == TREE_OBJECT)
			for (uint32_t k = 0; k < value->n; k++)
				next_add(r, value->items[k].name, scalar(r, &value->items[k]));
		else
			next_add(r, r->map->nexts[i].name, scalar(r, value));
		if (!out->n_nexts)
			return; /* the first says whether there is one */
	}
	if (out->n_nexts && !r->failed) {
		out->next_param = out->nexts[0].name;
		out->next_value = out->nexts[0].value;
	}
}

static void read_root(struct reading *r, const struct tree *root)
{
	const struct tree *parents;

	r->out->cut = r->out->cut || root->cut;
	r->e.root = r->e.item = root;
	r->e.parent = NULL;
	if (r->map->parents) {
		parents = expr_value(&r->e, r->map->parents);
		if (parents && parents->kind == TREE_LIST)
			for (uint32_t i = 0; i < parents->n && !enough(r); i++)
				read_parent(r, &parents->items[i]);
		else if (parents)
			read_parent(r, parents);
	} else {
		read_parent(r, root);
	}
	r->e.item = root;
	r->e.parent = NULL;
	if (!r->e.failed)
		read_next(r);
	if (!r->e.failed && r->options->look) {
		r->e.item = root;
		r->options->look(r->options->arg, &r->e);
	}
}

static int read_whole(struct reading *r, struct span body)
{
	struct tree root;
	int result;

	if (r->map->format == CONNECTOR_JSON)
		result = tree_json(&root, &r->scratch, body);
	else if (r->map->format == CONNECTOR_XML)
		result = tree_xml(&root, &r->scratch, body);
	else
		result = tree_html(&root, &r->scratch, body);
	if (result == 0)
		read_root(r, &root);
	return result;
}

static int read_frames(struct reading *r, struct span body)
{
	int result = 0;

	while (!enough(r)) {
		struct tree root;

		result = r->map->frame == CONNECTOR_NDJSON
				 ? connector_frame_line(&root, &r->scratch, &body)
				 : connector_frame_event(&root, &r->scratch, &body);
		if (result <= 0)
			break;
		read_root(r, &root);
		arena_release(&r->scratch);
	}
	return result < 0 ? result : 0;
}

/* UTF-8 without U+0000: the body itself, or *own. */
static int as_utf8(struct span *ret, struct buf *own, struct span body,
	struct span content_type, bool declared)
{
	struct encoding encoding = encoding_detect(body, content_type);
	struct encoding_reader *reader = NULL;
	size_t wide = 0;
	int r;

	body = span_slice(body, encoding.skip, body.n);
	if (!declared || span_eq_str(span_str(encoding.name), "utf-8")) {
		if (encoding_valid(body, &wide) &&
			!memchr(body.n ? body.p : "x", '\0', body.n)) {
			*ret = body;
			return 0;
		}
	}
	if (!declared) {
		utf8_repair(own, body);
		*ret = buf_span(own);
		return buf_result(own);
	}
	r = encoding_reader_new(&reader, &encoding);
	if (r == 0)
		r = encoding_read(reader, own, body, true);
	encoding_reader_free(reader);
	*ret = buf_span(own);
	return r < 0 ? r : buf_result(own);
}

bool connector_is_readable(const struct connector_map *map, struct span body)
{
	if (span_starts(body, SPAN("\xEF\xBB\xBF")))
		body = span_slice(body, 3, body.n);
	body = span_trim(body);
	if (!body.n || map->frame != CONNECTOR_WHOLE)
		return true;
	/* what JSON's values begin with (RFC 8259, section 3) */
	return map->format != CONNECTOR_JSON ||
	       memchr("{[\"-0123456789tfn", body.p[0], strlen("{[\"-0123456789tfn"));
}

int connector_read_answer(struct connector_result *ret, struct arena *arena,
	const struct connector_map *map, const struct connector_options *options,
	struct span body)
{
	struct reading r = {.out = ret, .arena = arena, .map = map, .options = options};
	struct buf own = {0};
	struct span text;
	int result;

	*ret = (struct connector_result){0};
	r.scratch.limit_bytes = SCRATCH_MAX_BYTES;
	r.max_items = options->max_items ? options->max_items : READ_MAX_ITEMS;
	result = expr_eval_init(&r.e, &r.scratch);
	if (result == 0)
		/* JSON is UTF-8 (RFC 8259); pages and feeds say what they are. */
		result = as_utf8(&text, &own, body, options->content_type,
			map->format != CONNECTOR_JSON);
	if (result == 0) {
		r.e.vars = options->vars;
		r.e.n_vars = options->n_vars;
		result = map->frame == CONNECTOR_WHOLE ? read_whole(&r, text)
						       : read_frames(&r, text);
	}
	if (result == 0 && (r.failed || r.line.failed))
		result = -ENOMEM;
	ret->cut = ret->cut || r.e.failed;
	ret->more = ret->more || r.e.failed;
	expr_eval_deinit(&r.e);
	buf_deinit(&r.line);
	buf_deinit(&own);
	arena_release(&r.scratch);
	return result;
}
