#include <stdlib.h>

#include "sources/connector.h"
#include "vigie/nearest.h"
#include "vigie/yaml.h"

const char *const connector_field_names[CONNECTOR_FIELDS] = {
	[CONNECTOR_ID] = "id",
	[CONNECTOR_SKIP] = "skip",
	[CONNECTOR_DELETED] = "deleted",
	[CONNECTOR_URL] = "url",
	[CONNECTOR_TITLE] = "title",
	[CONNECTOR_TEXT] = "text",
	[CONNECTOR_AUTHOR_NAME] = "author.name",
	[CONNECTOR_AUTHOR_HANDLE] = "author.handle",
	[CONNECTOR_AUTHOR_URL] = "author.url",
	[CONNECTOR_AUTHOR_FOLLOWERS] = "author.followers",
	[CONNECTOR_PUBLISHED] = "published",
	[CONNECTOR_UPDATED] = "updated",
	[CONNECTOR_LANG] = "lang",
	[CONNECTOR_TAGS] = "tags",
	[CONNECTOR_KIND] = "kind",
	[CONNECTOR_PARENT] = "parent",
	[CONNECTOR_LIKES] = "engagement.likes",
	[CONNECTOR_SHARES] = "engagement.shares",
	[CONNECTOR_REPLIES] = "engagement.replies",
	[CONNECTOR_VIEWS] = "engagement.views",
	[CONNECTOR_RATING] = "engagement.rating",
	[CONNECTOR_MEDIA] = "media",
	[CONNECTOR_PLACE_NAME] = "place.name",
	[CONNECTOR_PLACE_LAT] = "place.lat",
	[CONNECTOR_PLACE_LON] = "place.lon",
	[CONNECTOR_PLACE_COUNTRY] = "place.country",
};

struct file {
	struct connector *c;
	struct yaml y;
	struct span bytes; /* of the file, kept: block texts are found in them for messages */
	struct err_list *errors;
	int result;
};

#define mistake(f, node, ...) (fail((f), yaml_err(&(f)->y, (node), (f)->errors, __VA_ARGS__)))

static void fail(struct file *f, int r)
{
	if (r < 0 && (!f->result || r == -ENOMEM))
		f->result = r;
}

static void *make(struct file *f, size_t n, size_t size)
{
	void *made = arena_calloc(&f->c->set.arena, n ? n : 1, size);

	if (!made)
		fail(f, -ENOMEM);
	return made;
}

static struct span keep(struct file *f, struct span s)
{
	const struct span kept = arena_dup(&f->c->set.arena, s);

	if (!kept.p)
		fail(f, -ENOMEM);
	return kept;
}

static struct span text_at(struct file *f, const struct yaml_node *node)
{
	if (node->type == YAML_SCALAR)
		return yaml_is_null(node) ? SPAN_NONE : keep(f, span_trim(node->text));
	mistake(f, node, "%s stands where a text is wanted: write one", yaml_type_name(node));
	return SPAN_NONE;
}

static struct expr_place place_at(const struct file *f, const struct yaml_node *node)
{
	return (struct expr_place){
		f->y.file, node->line, node->exact ? node->content_column : 0};
}

static struct expr *expr_at(struct file *f, const struct yaml_node *node)
{
	const struct span text = text_at(f, node);
	struct expr *x = NULL;

	if (text.n)
		fail(f, expr_parse(&x, &f->c->set, text, place_at(f, node), f->errors));
	else if (!f->result)
		mistake(f, node, "nothing stands here: write an expression");
	return x;
}

static void unknown(
	struct file *f, const struct yaml_node *key, const char *const *names, size_t n)
{
	const char *guess = nearest(key->text, names, n);

	if (guess)
		mistake(f, key, "unknown key \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(key->text), guess);
	else
		mistake(f, key, "unknown key \"%.*s\": see vigie-sources(5)",
			SPAN_ARG(key->text));
}

/* A row a key of a mapping: put() is called with the value. */
struct key {
	const char *name;
	void (*put)(struct file *f, void *to, const struct yaml_node *value);
};

static void read_mapping(struct file *f, const struct yaml_node *node, const struct key *keys,
	size_t n_keys, void *to)
{
	const char *names[32];

	if (node->type != YAML_MAPPING) {
		mistake(f, node, "%s stands where a mapping is wanted: write key: value",
			yaml_type_name(node));
		return;
	}
	for (size_t k = 0; k < n_keys; k++)
		names[k] = keys[k].name;
	for (size_t i = 0; i < node->n; i++) {
		size_t k = 0;

		while (k < n_keys && !span_eq_str(node->pairs[i].key->text, names[k]))
			k++;
		if (k == n_keys)
			unknown(f, node->pairs[i].key, names, n_keys);
		else
			keys[k].put(f, to, node->pairs[i].value);
	}
}

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* --- Fields of a map ---------------------------------------------------------------------- */

/* Where the text of line `n` (from 0) of a block scalar stands in the file. */
static struct expr_place line_place(
	const struct file *f, const struct yaml_node *node, size_t n, struct span text)
{
	struct expr_place place = {f->y.file, node->line + (int)n, 0};
	struct span rest = f->bytes;

	/* A block's text begins on the line behind its "|". */
	for (int shift = 0; shift < 2; shift++) {
		size_t at = 0;
		int line = 1;

		for (; line < node->line + (int)n + shift && at < rest.n; line++)
			at += span_find(span_slice(rest, at, rest.n), '\n') + 1;
		rest = span_slice(f->bytes, at, f->bytes.n);
		rest = span_slice(rest, 0, span_find(rest, '\n'));
		for (size_t i = 0; i + text.n <= rest.n; i++)
			if (span_starts(span_slice(rest, i, rest.n), text)) {
				place.line += shift;
				place.column = (int)utf8_length(span_slice(rest, 0, i)) + 1;
				return place;
			}
		rest = f->bytes;
	}
	return place;
}

/* One "name = expression" of a block. */
struct line {
	struct expr_place place;
	struct span name; /* empty: there is no "=" */
	struct span value;
	struct expr_place value_place;
};

static struct line line_of(
	const struct file *f, const struct yaml_node *node, size_t n, struct span text)
{
	const size_t equals = span_find(text, '=');
	struct line line = {.place = line_place(f, node, n, text)};

	line.value_place = line.place;
	if (equals == text.n)
		return line;
	line.name = span_trim(span_slice(text, 0, equals));
	line.value = span_slice(text, equals + 1, text.n);
	while (line.value.n && ascii_space(line.value.p[0]))
		line.value = span_slice(line.value, 1, line.value.n);
	if (line.place.column)
		line.value_place.column +=
			(int)utf8_length(span_of(text.p, (size_t)(line.value.p - text.p)));
	return line;
}

static void read_lines(struct file *f, const struct yaml_node *node, void *to,
	void (*put)(struct file *f, void *to, const struct line *line))
{
	const struct span text = text_at(f, node);
	size_t n = 0;

	for (size_t at = 0; at < text.n; n++) {
		const size_t end = at + span_find(span_slice(text, at, text.n), '\n');
		const struct span one = span_trim(span_slice(text, at, end));

		if (one.n && one.p[0] != '#') {
			const struct line line = line_of(f, node, n, one);

			put(f, to, &line);
		}
		at = end + 1;
	}
}

#define line_mistake(f, line, ...)                                                             \
	(fail((f), err_add((f)->errors, (line)->place.file, (line)->place.line,                \
			   (line)->place.column, __VA_ARGS__)))

static void put_field(struct file *f, void *to, const struct line *line)
{
	struct connector_map *map = to;
	size_t field = 0;
	const char *guess;

	while (field < CONNECTOR_FIELDS &&
		!span_eq_str(line->name, connector_field_names[field]))
		field++;
	if (field == CONNECTOR_FIELDS) {
		guess = nearest(line->name, connector_field_names, CONNECTOR_FIELDS);
		if (guess)
			line_mistake(f, line, "unknown field \"%.*s\": did you mean \"%s\"?",
				SPAN_ARG(line->name), guess);
		else
			line_mistake(f, line,
				"unknown field \"%.*s\": write id, url, title, text … = "
				"expression",
				SPAN_ARG(utf8_prefix(line->name, 40)));
	} else if (map->fields[field]) {
		line_mistake(f, line, "\"%.*s\" stands here twice: join both with ??",
			SPAN_ARG(line->name));
	} else {
		fail(f, expr_parse(&map->fields[field], &f->c->set, line->value,
				line->value_place, f->errors));
	}
}

static void put_fields(struct file *f, void *to, const struct yaml_node *value)
{
	read_lines(f, value, to, put_field);
}

/* --- Maps --------------------------------------------------------------------------------- */

static void put_items(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_map *)to)->items = expr_at(f, value);
}

static void put_parents(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_map *)to)->parents = expr_at(f, value);
}

static void put_children(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_map *)to)->children = expr_at(f, value);
}

static void put_next(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_map *map = to;

	if (value->type != YAML_MAPPING || value->n != 1) {
		mistake(f, value, "not one parameter: write next: {parameter: expression}");
		return;
	}
	map->next_param = text_at(f, value->pairs[0].key);
	map->next = expr_at(f, value->pairs[0].value);
}

static size_t word_of(
	struct file *f, const struct yaml_node *value, const char *const *words, size_t n)
{
	const struct span s = text_at(f, value);
	const char *guess;

	for (size_t i = 0; i < n; i++)
		if (span_eq_str(s, words[i]))
			return i;
	guess = nearest(s, words, n);
	mistake(f, value, "\"%.*s\" is not known here: write %s", SPAN_ARG(s),
		guess ? guess : words[0]);
	return 0;
}

static void put_format(struct file *f, void *to, const struct yaml_node *value)
{
	static const char *const words[] = {"json", "xml", "html"};

	((struct connector_map *)to)->format =
		(enum connector_format)word_of(f, value, words, COUNT(words));
}

static void put_frame(struct file *f, void *to, const struct yaml_node *value)
{
	static const char *const words[] = {"one", "ndjson", "sse"};

	((struct connector_map *)to)->frame =
		(enum connector_frame)word_of(f, value, words, COUNT(words));
}

static void put_maps(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct key keys[] = {{"items", put_items}, {"parents", put_parents},
		{"children", put_children}, {"next", put_next}, {"format", put_format},
		{"frame", put_frame}, {"fields", put_fields}};
	struct connector *c = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value,
			"%s stands where maps are wanted: write a name and a map below it",
			yaml_type_name(value));
		return;
	}
	c->maps = make(f, value->n, sizeof(*c->maps));
	for (size_t i = 0; c->maps && i < value->n; i++) {
		struct connector_map *map = &c->maps[c->n_maps++];

		map->name = text_at(f, value->pairs[i].key);
		read_mapping(f, value->pairs[i].value, keys, COUNT(keys), map);
		if (!map->items && !f->result)
			mistake(f, value->pairs[i].key,
				"this map has no items: write where the list is");
		if (!map->fields[CONNECTOR_ID] && !f->result)
			mistake(f, value->pairs[i].key,
				"this map has no id: write id = expression under fields");
	}
}

/* --- Rules of errors ---------------------------------------------------------------------- */

static void put_when(struct file *f, void *to, const struct yaml_node *value)
{
	const struct span text = text_at(f, value);

	fail(f, expr_condition_parse(&((struct connector_rule *)to)->when, &f->c->set, text,
			place_at(f, value), f->errors));
}

static void put_error(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_rule *)to)->error = (enum connector_error)(
		1 + word_of(f, value, connector_error_names + 1, CONNECTOR_ERRORS - 1));
}

static void put_wait(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_rule *)to)->wait = expr_at(f, value);
}

static void put_errors(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct key keys[] = {
		{"when", put_when}, {"is", put_error}, {"wait", put_wait}};
	struct connector *c = to;

	if (value->type != YAML_SEQUENCE) {
		mistake(f, value, "%s stands where a list is wanted: write - when: … is: …",
			yaml_type_name(value));
		return;
	}
	c->rules = make(f, value->n, sizeof(*c->rules));
	for (size_t i = 0; c->rules && i < value->n; i++) {
		struct connector_rule *rule = &c->rules[c->n_rules++];

		read_mapping(f, value->items[i], keys, COUNT(keys), rule);
		if ((!rule->when || !rule->error) && !f->result)
			mistake(f, value->items[i], "a rule needs when: and is: write both");
	}
}

/* --- Asking ------------------------------------------------------------------------------- */

static void put_part(struct file *f, struct connector_part **list, size_t *n, struct span name,
	const struct line *line)
{
	struct connector_part *grown = make(f, *n + 1, sizeof(*grown));

	if (!grown)
		return;
	if (*n)
		memcpy(grown, *list, *n * sizeof(*grown));
	*list = grown;
	grown[*n].name = name;
	fail(f, expr_parse(&grown[*n].value, &f->c->set, line->value, line->value_place,
			f->errors));
	++*n;
}

/* No control character, colon or blank: it will stand in a request's head. */
static bool header_name_ok(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == ':' || s.p[i] == 0x7F)
			return false;
	return s.n > 0;
}

static void put_request_line(struct file *f, void *to, const struct line *line)
{
	struct connector_ask *ask = to;
	struct expr **one = span_eq_str(line->name, "path")   ? &ask->path
			    : span_eq_str(line->name, "body") ? &ask->body
							      : NULL;

	if (one)
		fail(f, expr_parse(one, &f->c->set, line->value, line->value_place, f->errors));
	else if (span_starts(line->name, SPAN("query.")))
		put_part(f, &ask->query, &ask->n_query, span_slice(line->name, 6, line->name.n),
			line);
	else if (span_starts(line->name, SPAN("header.")) &&
		 header_name_ok(span_slice(line->name, 7, line->name.n)))
		put_part(f, &ask->headers, &ask->n_headers,
			span_slice(line->name, 7, line->name.n), line);
	else
		line_mistake(f, line,
			"\"%.*s\" is no part of a request: write path, query.NAME, header.NAME "
			"or "
			"body = expression",
			SPAN_ARG(utf8_prefix(line->name, 40)));
}

static void put_request(struct file *f, void *to, const struct yaml_node *value)
{
	read_lines(f, value, to, put_request_line);
}

static void put_map_name(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->map = text_at(f, value);
}

static int64_t small_number(struct file *f, const struct yaml_node *value)
{
	const struct span s = text_at(f, value);
	int64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i > 5) {
			mistake(f, value, "no small number: write digits");
			return 0;
		}
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

static void put_page_first(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->page_first = small_number(f, value);
}

static void put_max_pages(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_ask *)to)->max_pages = small_number(f, value);
}

static void put_asks(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct key keys[] = {{"map", put_map_name}, {"pages_from", put_page_first},
		{"max_pages", put_max_pages}, {"request", put_request}};
	struct connector *c = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value,
			"%s stands where ways to ask are wanted: write a name and a request",
			yaml_type_name(value));
		return;
	}
	c->asks = make(f, value->n, sizeof(*c->asks));
	for (size_t i = 0; c->asks && i < value->n; i++) {
		struct connector_ask *ask = &c->asks[c->n_asks++];

		*ask = (struct connector_ask){.page_first = -1, .max_pages = 1};
		ask->name = text_at(f, value->pairs[i].key);
		read_mapping(f, value->pairs[i].value, keys, COUNT(keys), ask);
		if (!ask->path && !f->result)
			mistake(f, value->pairs[i].key,
				"nothing is asked for: write path = expression under request");
	}
}

/* --- The file ----------------------------------------------------------------------------- */

#define PUT_TEXT(member)                                                                       \
	static void put_##member(struct file *f, void *to, const struct yaml_node *value)      \
	{                                                                                      \
		((struct connector *)to)->member = text_at(f, value);                          \
	}

PUT_TEXT(network)
PUT_TEXT(title)
PUT_TEXT(base)
PUT_TEXT(auth)
PUT_TEXT(cost)
PUT_TEXT(limits)
PUT_TEXT(terms)
PUT_TEXT(detour)
PUT_TEXT(docs)

static void put_tier(struct file *f, void *to, const struct yaml_node *value)
{
	const struct span s = text_at(f, value);

	if (s.n != 1 || s.p[0] < '0' || s.p[0] > '3')
		mistake(f, value,
			"no tier: write 0 (no way in), 1 (open), 2 (free key) or 3 "
			"(restricted)");
	else
		((struct connector *)to)->tier = s.p[0] - '0';
}

static void put_date(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector *)to)->facts_date = text_at(f, value);
}

static void put_verified(struct file *f, void *to, const struct yaml_node *value)
{
	if (!yaml_bool(value, &((struct connector *)to)->verified))
		mistake(f, value, "neither true nor false: write one of them");
}

static void put_facts(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct key keys[] = {{"date", put_date}, {"verified", put_verified}};

	read_mapping(f, value, keys, COUNT(keys), to);
}

static void read_root(struct file *f)
{
	static const struct key keys[] = {{"network", put_network}, {"title", put_title},
		{"tier", put_tier}, {"base", put_base}, {"auth", put_auth}, {"cost", put_cost},
		{"limits", put_limits}, {"terms", put_terms}, {"detour", put_detour},
		{"docs", put_docs}, {"facts", put_facts}, {"maps", put_maps},
		{"errors", put_errors}, {"asks", put_asks}};
	struct connector *c = f->c;

	c->tier = -1;
	read_mapping(f, f->y.root, keys, COUNT(keys), c);
	if (f->result)
		return;
	if (!c->network.n)
		mistake(f, f->y.root, "no network: write network: NAME");
	if (c->tier < 0)
		mistake(f, f->y.root, "no tier: write tier: 0, 1, 2 or 3");
	if (c->tier > 0 && !c->n_maps)
		mistake(f, f->y.root, "no maps: say under maps: how an answer is read");
	if (c->tier == 0 && !c->detour.n)
		mistake(f, f->y.root, "no detour: say under detour: what one can do instead");
	for (size_t i = 0; i < c->n_asks; i++)
		if (!connector_map_find(c, c->asks[i].map))
			mistake(f, f->y.root,
				"asks: %.*s wants the map \"%.*s\", and there is none",
				SPAN_ARG(c->asks[i].name), SPAN_ARG(c->asks[i].map));
	if (!c->title.n)
		c->title = c->network;
}

int connector_new(
	struct connector **ret, struct span bytes, const char *file, struct err_list *errors)
{
	struct file f = {.bytes = bytes, .errors = errors};

	if (bytes.n > CONNECTOR_MAX_BYTES)
		return err_add(errors, file, 0, 0, "longer than %d KiB: write it shorter",
			CONNECTOR_MAX_BYTES / 1024);
	f.c = calloc(1, sizeof(*f.c));
	if (!f.c)
		return -ENOMEM;
	f.result = yaml_read(&f.y, bytes, file, errors);
	if (!f.result) {
		read_root(&f);
		yaml_deinit(&f.y);
	}
	if (f.result) {
		connector_free(f.c);
		return f.result;
	}
	*ret = f.c;
	return 0;
}

struct connector *connector_free(struct connector *c)
{
	if (!c)
		return NULL;
	expr_set_deinit(&c->set);
	free(c);
	return NULL;
}

const struct connector_map *connector_map_find(const struct connector *c, struct span name)
{
	for (size_t i = 0; i < c->n_maps; i++)
		if (!name.n || span_eq(c->maps[i].name, name))
			return &c->maps[i];
	return NULL;
}
