#include <stdlib.h>

#include "sources/connector_file_inner.h"
#include "vigie/nearest.h"

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
	[CONNECTOR_ALIAS] = "alias",
};

void connector_file_fail(struct file *f, int r)
{
	if (r < 0 && (!f->result || r == -ENOMEM))
		f->result = r;
}

void *connector_file_make(struct file *f, size_t n, size_t size)
{
	void *made = arena_calloc(&f->c->set.arena, n ? n : 1, size);

	if (!made)
		connector_file_fail(f, -ENOMEM);
	return made;
}

void connector_file_part(struct file *f, struct connector_part **list, size_t *n,
	struct span name, const struct connector_file_line *line)
{
	struct connector_part *grown = connector_file_make(f, *n + 1, sizeof(*grown));

	if (!grown)
		return;
	if (*n)
		memcpy(grown, *list, *n * sizeof(*grown));
	*list = grown;
	grown[*n].name = name;
	connector_file_fail(f, expr_parse(&grown[*n].value, &f->c->set, line->value,
				       line->value_place, f->errors));
	++*n;
}

void connector_file_parts(
	struct file *f, struct connector_part **list, size_t *n, const struct yaml_node *value)
{
	if (value->type != YAML_MAPPING) {
		mistake(f, value, "%s stands where a mapping is wanted: write name: expression",
			yaml_type_name(value));
		return;
	}
	*list = connector_file_make(f, value->n, sizeof(**list));
	for (size_t i = 0; *list && i < value->n; i++) {
		struct connector_part *part = &(*list)[(*n)++];

		part->name = connector_file_text(f, value->pairs[i].key);
		part->value = connector_file_expr(f, value->pairs[i].value);
	}
}

int64_t connector_file_number(struct file *f, const struct yaml_node *value)
{
	const struct span s = connector_file_text(f, value);
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

int64_t connector_file_duration(struct file *f, const struct yaml_node *value)
{
	static const char units[] = "smhdw";
	static const int64_t ms[] = {1000, 60000, 3600000, 86400000, 604800000};
	const struct span s = connector_file_text(f, value);
	const char *unit =
		s.n > 1 && s.n < 8 && s.p[s.n - 1] ? strchr(units, s.p[s.n - 1]) : NULL;
	int64_t v = 0;

	for (size_t i = 0; unit && i + 1 < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			unit = NULL;
		else
			v = v * 10 + (s.p[i] - '0');
	}
	if (unit)
		return v * ms[unit - units];
	if (!f->result)
		mistake(f, value, "no duration: write a number and s, m, h, d or w, as in 15m");
	return 0;
}

static struct span keep(struct file *f, struct span s)
{
	const struct span kept = arena_dup(&f->c->set.arena, s);

	if (!kept.p)
		connector_file_fail(f, -ENOMEM);
	return kept;
}

struct span connector_file_text(struct file *f, const struct yaml_node *node)
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

struct expr *connector_file_expr(struct file *f, const struct yaml_node *node)
{
	const struct span text = connector_file_text(f, node);
	struct expr *x = NULL;

	if (text.n)
		connector_file_fail(
			f, expr_parse(&x, &f->c->set, text, place_at(f, node), f->errors));
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

void connector_file_mapping(struct file *f, const struct yaml_node *node,
	const struct connector_file_key *keys, size_t n_keys, void *to)
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

static struct connector_file_line line_of(
	const struct file *f, const struct yaml_node *node, size_t n, struct span text)
{
	const size_t equals = span_find(text, '=');
	struct connector_file_line line = {.place = line_place(f, node, n, text)};

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

void connector_file_lines(struct file *f, const struct yaml_node *node, void *to,
	void (*put)(struct file *f, void *to, const struct connector_file_line *line))
{
	const struct span text = connector_file_text(f, node);
	size_t n = 0;

	for (size_t at = 0; at < text.n; n++) {
		const size_t end = at + span_find(span_slice(text, at, text.n), '\n');
		const struct span one = span_trim(span_slice(text, at, end));

		if (one.n && one.p[0] != '#') {
			const struct connector_file_line line = line_of(f, node, n, one);

			put(f, to, &line);
		}
		at = end + 1;
	}
}

static void put_field(struct file *f, void *to, const struct connector_file_line *line)
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
		connector_file_fail(f, expr_parse(&map->fields[field], &f->c->set, line->value,
					       line->value_place, f->errors));
	}
}

static void put_fields(struct file *f, void *to, const struct yaml_node *value)
{
	connector_file_lines(f, value, to, put_field);
}

/* --- Maps --------------------------------------------------------------------------------- */

static void put_items(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_map *)to)->items = connector_file_expr(f, value);
}

static void put_parents(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_map *)to)->parents = connector_file_expr(f, value);
}

static void put_children(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_map *)to)->children = connector_file_expr(f, value);
}

static void put_next(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_map *map = to;

	if (value->type != YAML_MAPPING || !value->n) {
		mistake(f, value, "no parameter: write next: {parameter: expression}");
		return;
	}
	connector_file_parts(f, &map->nexts, &map->n_nexts, value);
	if (f->result)
		return;
	map->next_param = map->nexts[0].name;
	map->next = map->nexts[0].value;
}

size_t connector_file_word(
	struct file *f, const struct yaml_node *value, const char *const *words, size_t n)
{
	const struct span s = connector_file_text(f, value);
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
		(enum connector_format)connector_file_word(f, value, words, COUNT(words));
}

static void put_frame(struct file *f, void *to, const struct yaml_node *value)
{
	static const char *const words[] = {"one", "ndjson", "sse"};

	((struct connector_map *)to)->frame =
		(enum connector_frame)connector_file_word(f, value, words, COUNT(words));
}

static void put_maps(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {{"items", put_items},
		{"parents", put_parents}, {"children", put_children}, {"next", put_next},
		{"format", put_format}, {"frame", put_frame}, {"fields", put_fields}};
	struct connector *c = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value,
			"%s stands where maps are wanted: write a name and a map below it",
			yaml_type_name(value));
		return;
	}
	c->maps = connector_file_make(f, value->n, sizeof(*c->maps));
	for (size_t i = 0; c->maps && i < value->n; i++) {
		struct connector_map *map = &c->maps[c->n_maps++];

		map->name = connector_file_text(f, value->pairs[i].key);
		connector_file_mapping(f, value->pairs[i].value, keys, COUNT(keys), map);
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
	const struct span text = connector_file_text(f, value);

	connector_file_fail(f, expr_condition_parse(&((struct connector_rule *)to)->when,
				       &f->c->set, text, place_at(f, value), f->errors));
}

static void put_error(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_rule *)to)->error = (enum connector_error)(
		1 +
		connector_file_word(f, value, connector_error_names + 1, CONNECTOR_ERRORS - 1));
}

static void put_wait(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_rule *)to)->wait = connector_file_expr(f, value);
}

/* Rules of errors say what an answer is; those of the pace only how long to wait. */
static void read_rules(struct file *f, struct connector_rule **list, size_t *n, bool pace,
	const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {
		{"when", put_when}, {"wait", put_wait}, {"is", put_error}};

	if (value->type != YAML_SEQUENCE) {
		mistake(f, value, "%s stands where a list is wanted: write - when: … %s: …",
			yaml_type_name(value), pace ? "wait" : "is");
		return;
	}
	*list = connector_file_make(f, value->n, sizeof(**list));
	for (size_t i = 0; *list && i < value->n; i++) {
		struct connector_rule *rule = &(*list)[(*n)++];

		connector_file_mapping(f, value->items[i], keys, pace ? 2 : 3, rule);
		if ((!rule->when || (pace ? !rule->wait : !rule->error)) && !f->result)
			mistake(f, value->items[i], "a rule needs when: and %s: write both",
				pace ? "wait:" : "is:");
	}
}

static void put_errors(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector *c = to;

	read_rules(f, &c->rules, &c->n_rules, false, value);
}

static void put_pace(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector *c = to;

	read_rules(f, &c->pace, &c->n_pace, true, value);
}

/* --- The file ----------------------------------------------------------------------------- */

#define PUT_TEXT(member)                                                                       \
	static void put_##member(struct file *f, void *to, const struct yaml_node *value)      \
	{                                                                                      \
		((struct connector *)to)->member = connector_file_text(f, value);              \
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
	const struct span s = connector_file_text(f, value);

	if (s.n != 1 || s.p[0] < '0' || s.p[0] > '3')
		mistake(f, value,
			"no tier: write 0 (no way in), 1 (open), 2 (free key) or 3 "
			"(restricted)");
	else
		((struct connector *)to)->tier = s.p[0] - '0';
}

static void put_date(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector *)to)->facts_date = connector_file_text(f, value);
}

static void put_verified(struct file *f, void *to, const struct yaml_node *value)
{
	if (!yaml_bool(value, &((struct connector *)to)->verified))
		mistake(f, value, "neither true nor false: write one of them");
}

static void put_needs_login(struct file *f, void *to, const struct yaml_node *value)
{
	if (!yaml_bool(value, &((struct connector *)to)->needs_login))
		mistake(f, value, "neither true nor false: write one of them");
}

static void put_every(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector *)to)->every_ms = connector_file_duration(f, value);
}

static void put_spacing(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector *)to)->spacing_ms = connector_file_duration(f, value);
}

static void put_facts(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {
		{"date", put_date}, {"verified", put_verified}};

	connector_file_mapping(f, value, keys, COUNT(keys), to);
}

static void read_root(struct file *f)
{
	static const struct connector_file_key keys[] = {{"network", put_network},
		{"title", put_title}, {"tier", put_tier}, {"base", put_base},
		{"auth", put_auth}, {"cost", put_cost}, {"limits", put_limits},
		{"terms", put_terms}, {"detour", put_detour}, {"docs", put_docs},
		{"facts", put_facts}, {"maps", put_maps}, {"errors", put_errors},
		{"asks", connector_file_asks}, {"pace", put_pace},
		{"quota", connector_file_quota}, {"query", connector_file_query},
		{"params", connector_file_params}, {"logins", connector_file_logins},
		{"needs_login", put_needs_login}, {"every", put_every},
		{"spacing", put_spacing}};
	struct connector *c = f->c;

	c->tier = -1;
	connector_file_mapping(f, f->y.root, keys, COUNT(keys), c);
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
	connector_file_asks_check(f);
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
