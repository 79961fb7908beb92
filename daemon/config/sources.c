/*
 * config/sources: sources as a person lists them: addresses, files, folders, OPML, lists in
 * files of their own, networks by name. Each becomes one struct source with an id that stays
 * the same as long as its address does.
 */

#include <dirent.h>
#include <sys/stat.h>

#include <xxhash.h>

#include "config/keys.h"
#include "config/sources.h"
#include "sources/kind.h"
#include "sources/opml.h"
#include "sources/url.h"

enum {
	LIST_FILE_MAX = 64 * 1024 * 1024, /* OPML or YAML; 100,000 sources take some 20 MB */
	LIST_DEPTH_MAX = 4,               /* lists that name lists */
	SOURCES_MAX = 1000000,
	MADE_ID_MAX = 100,
};

/* --- Ids
 * --------------------------------------------------------------------------------------- */

static char id_char(char c)
{
	const char l = ascii_lower(c);

	return (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') || (c && strchr("._:@/", c))
		       ? c
		       : '-';
}

struct span source_id_made(struct reader *r, struct span url)
{
	const struct url_parts parts = url_split(url);
	struct span start = parts.authority.p ? parts.authority : parts.path;
	struct span site;
	char out[MADE_ID_MAX + 1];
	size_t n = 0;
	bool exact = !parts.query.p && !parts.fragment.p;

	if (parts.authority.p && span_find(parts.authority, '@') < parts.authority.n) {
		start = span_slice(start, span_find(start, '@') + 1, start.n);
		exact = false;
	}
	if (span_starts(start, SPAN("www.")))
		start = span_slice(start, 4, start.n);
	site = span_of(start.p, (size_t)(parts.path.p + parts.path.n - start.p));
	while (site.n && (site.p[0] == '/' || site.p[0] == '.'))
		site = span_slice(site, 1, site.n);
	for (size_t i = 0; i < site.n && n < MADE_ID_MAX - 10; i++) {
		const char c = id_char(site.p[i]);

		exact = exact && (c == site.p[i] || site.p[i] == '-');
		if (c != '-' || (n && out[n - 1] != '-'))
			out[n++] = c;
	}
	exact = exact && site.n < MADE_ID_MAX - 10;
	while (n && (out[n - 1] == '-' || out[n - 1] == '/'))
		n--;
	out[n] = '\0';
	return exact && n ? arena_dup(r->arena, span_of(out, n))
			  : arena_printf(r->arena, "%s%s%08x", out, n ? "-" : "",
				    (unsigned)XXH3_64bits(url.p, url.n));
}

static int compare_ids(const void *a, const void *b)
{
	const struct source_draft *x = *(struct source_draft *const *)a;
	const struct source_draft *y = *(struct source_draft *const *)b;
	const int c = span_cmp(x->source.id, y->source.id);

	return c ? c : (x > y) - (x < y);
}

/* Two made ids may meet: "a.org/x" over http and https. The same address twice is one source.
 */
static void ids_check(struct reader *r)
{
	struct source_draft **order = calloc(r->n_sources + 1, sizeof(*order));

	if (!order) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_sources; i++)
		order[i] = &r->sources[i];
	qsort(order, r->n_sources, sizeof(*order), compare_ids);
	for (size_t i = 1; i < r->n_sources; i++) {
		struct source_draft *first = order[i - 1], *d = order[i], *made;

		if (!span_eq(first->source.id, d->source.id))
			continue;
		if (!d->named && span_eq(first->source.url, d->source.url)) {
			(void)err_add(&r->config->warnings, d->file, d->line, d->column,
				"source %.*s is listed twice: read once",
				SPAN_ARG(d->source.id));
			d->source.url = SPAN_NONE;
			order[i] = first;
			continue;
		}
		if (d->named && first->named) {
			reader_fail(r,
				err_add(r->errors, d->file, d->line, d->column,
					"source %.*s: the id stands in %s:%d already: choose "
					"another",
					SPAN_ARG(d->source.id), first->file, first->line));
			continue;
		}
		made = d->named ? first : d;
		made->source.id = arena_printf(r->arena, "%.*s-%08x", SPAN_ARG(made->source.id),
			(unsigned)XXH3_64bits(made->source.url.p, made->source.url.n));
		order[i] = made == d ? first : d;
	}
	free(order);
}

/* --- Drafts
 * ------------------------------------------------------------------------------------ */

/* A network, and a feed of an OPML list, is a feed. */
static struct span kind_of(const struct value *v)
{
	const struct span name = v ? v[SOURCE_KIND].text.value : SPAN_NONE;

	if (!v || v[SOURCE_CONNECTOR].node)
		return SPAN("feed");
	return span_str(source_kind_of(name)->name);
}

struct source_draft *source_add(struct reader *r, const struct manner *m, struct span url)
{
	const struct value *v = m->values;
	const size_t n_tags = v ? v[SOURCE_TAGS].n : 0;
	struct source_draft *drafts, *d;
	struct span *tags;

	if (r->n_sources >= SOURCES_MAX) {
		mistake(r, m->y, m->node, "more than %d sources: use several daemons",
			SOURCES_MAX);
		return NULL;
	}
	drafts = reader_grow(
		r, r->sources, &r->n_sources, &r->sources_capacity, sizeof(*drafts));
	if (!drafts)
		return NULL;
	r->sources = drafts;
	d = &drafts[r->n_sources - 1];
	tags = arena_calloc(r->arena, n_tags + 1, sizeof(*tags));
	if (!url.p || !tags) {
		reader_fail(r, -ENOMEM);
		return NULL;
	}
	for (size_t i = 0; i < n_tags; i++)
		tags[i] = v[SOURCE_TAGS].list[i].value;
	d->file = m->y->file;
	d->line = m->node->line;
	d->column = m->node->column;
	d->url = (struct text){url, url_mask(r->arena, url), false};
	d->header_values = m->header_values;
	d->source = (struct source){
		.kind = kind_of(v),
		.url = url,
		.headers = m->headers,
		.n_headers = m->n_headers,
		.every_ms = r->config->crawl.every_ms,
		.config = r->config,
		.tags = tags,
		.n_tags = n_tags,
	};
	if (v) {
		d->source.lang = v[SOURCE_LANG].text.value;
		d->source.title = v[SOURCE_TITLE].text.value;
		if (v[SOURCE_EVERY].node)
			d->source.every_ms = v[SOURCE_EVERY].number;
	}
	return d;
}

void source_name(struct reader *r, struct source_draft *d, struct span id)
{
	d->named = id.n > 0;
	d->source.id = d->named ? id : source_id_made(r, d->source.url);
	if (!d->source.id.p)
		reader_fail(r, -ENOMEM);
}

/* --- Files and folders
 * ------------------------------------------------------------------------- */

static void path_read(
	struct reader *r, const struct manner *m, struct span path, struct span id);
static void list_read(struct reader *r, const struct yaml *y, const struct yaml_node *node);

static bool has_ending(struct span path, const char *const *endings)
{
	for (; *endings; endings++) {
		const struct span e = span_str(*endings);

		if (path.n > e.n && span_eq_ci(span_slice(path, path.n - e.n, path.n), e))
			return true;
	}
	return false;
}

static const char *const feed_endings[] = {".xml", ".rss", ".atom", ".json", ".rdf", NULL};
static const char *const list_endings[] = {".yaml", ".yml", NULL};
static const char *const opml_endings[] = {".opml", NULL};

static int wanted(const struct dirent *entry)
{
	const struct span name = span_str(entry->d_name);

	return name.p[0] != '.' &&
	       (has_ending(name, feed_endings) || has_ending(name, list_endings) ||
		       has_ending(name, opml_endings));
}

static void folder_read(
	struct reader *r, const struct manner *m, struct span path, struct span id)
{
	struct dirent **entries;
	const int n = scandir(path.p, &entries, wanted, alphasort);

	if (n < 0) {
		mistake(r, m->y, m->node, "%s: %s", path.p, file_why(errno));
		return;
	}
	if (n == 0)
		warn(r, m->y, m->node, "%s: no feed and no list in this folder", path.p);
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		const struct span file =
			arena_printf(r->arena, "%.*s/%s", SPAN_ARG(path), name);
		const struct span inner =
			id.n ? arena_printf(r->arena, "%.*s/%s", SPAN_ARG(id), name) : id;

		if (file.p)
			path_read(r, m, file, inner);
		else
			reader_fail(r, -ENOMEM);
		free(entries[i]);
	}
	free(entries);
}

static struct span folder_of(struct reader *r, struct span path)
{
	size_t n = path.n;

	while (n && path.p[n - 1] != '/')
		n--;
	return arena_dup(r->arena, span_slice(path, 0, n > 1 ? n - 1 : n));
}

/* A YAML list of sources; its own relative paths are seen from its own folder. */
static void list_file_read(struct reader *r, const struct manner *m, struct span path)
{
	const char *folder = r->folder;
	const struct span own = folder_of(r, path);
	const struct yaml_node *list;
	struct yaml y;
	size_t n;
	char *p;
	int result;

	if (r->source_file_depth >= LIST_DEPTH_MAX) {
		mistake(r, m->y, m->node, "lists of sources name each other: break the circle");
		return;
	}
	result = config_file_read(&p, &n, path.p, LIST_FILE_MAX);
	if (result < 0) {
		mistake(r, m->y, m->node, "%s: %s", path.p, file_why(result));
		return;
	}
	result = yaml_read(&y, span_of(p, n), path.p, r->errors);
	free(p);
	if (result < 0) {
		reader_fail(r, result);
		return;
	}
	r->folder = own.p ? own.p : folder;
	r->source_file_depth++;
	list = y.root->type == YAML_MAPPING ? yaml_get(y.root, "sources") : y.root;
	if (y.root->type == YAML_MAPPING && (!list || y.root->n != 1))
		mistake(r, &y, y.root, "a list of sources has \"sources:\" and nothing else");
	else if (!yaml_is_null(list))
		list_read(r, &y, list);
	r->source_file_depth--;
	r->folder = folder;
	yaml_deinit(&y);
}

/* The folders a feed was filed in, behind the tags of its line. */
static void tags_append(
	struct reader *r, struct source *source, const struct span *more, size_t n_more)
{
	struct span *tags = arena_calloc(r->arena, source->n_tags + n_more + 1, sizeof(*tags));

	if (!tags) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < source->n_tags; i++)
		tags[i] = source->tags[i];
	for (size_t i = 0; i < n_more; i++)
		tags[source->n_tags + i] = arena_dup(r->arena, more[i]);
	source->tags = tags;
	source->n_tags += n_more;
}

static void opml_entries_read(struct reader *r, const struct manner *m, struct span path,
	const struct opml_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct opml_entry *e = &list->entries[i];
		struct source_draft *d;

		if (!web_url_ok(e->xml_url)) {
			(void)err_add(&r->config->warnings, path.p, 0, 0,
				"\"%.*s\" is no address on the web: passed over",
				SPAN_ARG(url_mask(r->arena, e->xml_url)));
			continue;
		}
		d = source_add(r, m, arena_dup(r->arena, e->xml_url));
		if (!d)
			return;
		source_name(r, d, SPAN_NONE);
		if (!d->source.title.n)
			d->source.title = arena_dup(r->arena, e->title);
		if (!d->source.lang.n)
			d->source.lang = arena_dup(r->arena, e->language);
		tags_append(r, &d->source, e->category, e->n_category);
	}
}

static void opml_file_read(struct reader *r, const struct manner *m, struct span path)
{
	struct opml_list list = {0};
	struct arena arena = {0};
	size_t n;
	char *p;
	int result = config_file_read(&p, &n, path.p, LIST_FILE_MAX);

	if (result < 0) {
		mistake(r, m->y, m->node, "%s: %s", path.p, file_why(result));
		return;
	}
	result = opml_read(&list, &arena, span_of(p, n));
	free(p);
	if (result == OPML_NOT_OPML)
		mistake(r, m->y, m->node, "%s: not OPML: export the list again", path.p);
	else if (result < 0)
		reader_fail(r, result);
	else
		opml_entries_read(r, m, path, &list);
	arena_release(&arena);
}

static void path_read(
	struct reader *r, const struct manner *m, struct span path, struct span id)
{
	const bool opml = m->values && span_eq_str(m->values[SOURCE_KIND].text.value, "opml");
	struct source_draft *d;
	struct stat st;

	if (!path.p)
		return;
	if (stat(path.p, &st) < 0) {
		mistake(r, m->y, m->node, "%s: %s", path.p, file_why(errno));
	} else if (S_ISDIR(st.st_mode)) {
		folder_read(r, m, path, id);
	} else if (opml || has_ending(path, opml_endings)) {
		opml_file_read(r, m, path);
	} else if (has_ending(path, list_endings)) {
		list_file_read(r, m, path);
	} else {
		d = source_add(r, m, file_url(r->arena, path));
		if (d)
			source_name(r, d, id);
	}
}

/* --- One line
 * ---------------------------------------------------------------------------------- */

static void address_read(
	struct reader *r, const struct manner *m, const struct text *text, struct span id)
{
	const struct span file = file_url_path(r->arena, text->value);
	struct source_draft *d;

	if (file.p) {
		path_read(r, m, path_resolve(r, file), id);
		return;
	}
	if (!web_url_ok(text->value)) {
		mistake(r, m->y, m->node,
			"\"%.*s\" is no address: write http://…, https://… or file:…",
			SPAN_ARG(url_mask(r->arena, text->written)));
		return;
	}
	d = source_add(r, m, text->value);
	if (!d)
		return;
	if (!span_eq(text->value, text->written))
		d->url.written = text->written;
	if (m->values && m->values[SOURCE_SEARCH].n)
		d->source.search = span_eq_str(m->values[SOURCE_SEARCH].list[0].value, "true");
	source_name(r, d, id);
}

static void plain_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	const struct manner m = {.y = y, .node = node};
	struct text text;

	if (!text_read(r, y, node, TEXT_PLAIN, &text))
		return;
	if (span_eq_str(text.value, "open"))
		connectors_open(r, &m);
	else if (url_is_absolute(text.value))
		address_read(r, &m, &text, SPAN_NONE);
	else
		path_read(r, &m, path_resolve(r, text.value), SPAN_NONE);
}

static bool header_read(struct reader *r, struct manner *m, const struct yaml_pair *pair,
	struct header *ret, struct text *value)
{
	const struct span name = pair->key->text;

	if (!text_read(r, m->y, pair->value, TEXT_SECRET, value))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] > ' ' && name.p[i] < 0x7F && name.p[i] != ':')
			continue;
		mistake(r, m->y, pair->key,
			"a header's name has ASCII signs only, no blank, no colon");
		return false;
	}
	if (span_find(value->value, '\n') < value->value.n ||
		span_find(value->value, '\r') < value->value.n) {
		mistake(r, m->y, pair->value, "a header is one line");
		return false;
	}
	*ret = (struct header){arena_dup(r->arena, name), value->value};
	return true;
}

static bool headers_read(struct reader *r, struct manner *m)
{
	const struct yaml_node *node = m->values[SOURCE_HEADERS].node;
	struct header *headers;
	bool ok = true;

	if (!node)
		return true;
	if (node->type != YAML_MAPPING) {
		mistake(r, m->y, node, "headers: %s where names and values are expected",
			yaml_type_name(node));
		return false;
	}
	headers = arena_calloc(r->arena, node->n + 1, sizeof(*headers));
	m->header_values = arena_calloc(r->arena, node->n + 1, sizeof(*m->header_values));
	if (!headers || !m->header_values) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	for (size_t i = 0; i < node->n; i++)
		ok = header_read(r, m, &node->pairs[i], &headers[i], &m->header_values[i]) &&
		     ok;
	m->headers = headers;
	m->n_headers = node->n;
	return ok;
}

static bool entry_ok(struct reader *r, const struct manner *m)
{
	const struct value *v = m->values;
	const bool opml = span_eq_str(v[SOURCE_KIND].text.value, "opml");
	const bool page = span_eq_str(v[SOURCE_CONNECTOR].text.value, "page");

	if (v[SOURCE_ID].node && !id_ok(v[SOURCE_ID].text.value))
		mistake(r, m->y, v[SOURCE_ID].node,
			"id \"%.*s\": write letters, digits and . _ : @ / - only, at most 128",
			SPAN_ARG(v[SOURCE_ID].text.written));
	else if (!opml && !source_kind_by_name(v[SOURCE_KIND].text.value))
		mistake(r, m->y, v[SOURCE_KIND].node,
			"unknown kind \"%.*s\": there are feed, sitemap and opml",
			SPAN_ARG(v[SOURCE_KIND].text.written));
	else if (!page &&
		 !!v[SOURCE_URL].node + !!v[SOURCE_FILE].node + !!v[SOURCE_CONNECTOR].node != 1)
		mistake(r, m->y, m->node,
			"a source has exactly one of url, file and connector");
	else if (opml && !v[SOURCE_FILE].node)
		mistake(r, m->y, m->node, "an OPML list is read from a file: write file: …");
	else if (v[SOURCE_BASE].node && !v[SOURCE_CONNECTOR].node)
		mistake(r, m->y, v[SOURCE_BASE].node,
			"base belongs to a connector: write url: …");
	else
		return true;
	return false;
}

enum { EXTRA_MAX = 32 };

/* Keys of a line whose connector is not looked at yet. */
struct extra {
	const struct yaml_pair *pairs[EXTRA_MAX];
	size_t n;
	bool taken; /* the line has a connector */
};

static bool on_extra(void *arg, const struct yaml_pair *pair)
{
	struct extra *e = arg;

	if (!e->taken || e->n == EXTRA_MAX)
		return false;
	e->pairs[e->n++] = pair;
	return true;
}

static void entry_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	struct value v[SECTION_KEYS_MAX];
	struct extra extra = {
		.taken = node->type == YAML_MAPPING && yaml_get(node, "connector")};
	struct manner m = {.y = y, .node = node, .values = v, .extra = extra.pairs};

	if (!section_read(r, y, node, &section_source, v, on_extra, &extra, NULL, 0) ||
		!headers_read(r, &m) || !entry_ok(r, &m))
		return;
	m.n_extra = extra.n;
	if (v[SOURCE_CONNECTOR].node)
		connector_read(r, &m);
	else if (v[SOURCE_FILE].node)
		path_read(r, &m, path_resolve(r, v[SOURCE_FILE].text.value),
			v[SOURCE_ID].text.value);
	else
		address_read(r, &m, &v[SOURCE_URL].text, v[SOURCE_ID].text.value);
}

static void list_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	if (node->type == YAML_SCALAR) {
		plain_read(r, y, node);
		return;
	}
	if (node->type != YAML_SEQUENCE) {
		mistake(r, y, node, "sources: %s where a list is expected",
			yaml_type_name(node));
		return;
	}
	for (size_t i = 0; i < node->n && r->result != -ENOMEM; i++) {
		if (node->items[i]->type == YAML_SCALAR)
			plain_read(r, y, node->items[i]);
		else
			entry_read(r, y, node->items[i]);
	}
}

/* --- The door
 * ---------------------------------------------------------------------------------- */

void sources_read(struct reader *r, const struct yaml *y, const struct yaml_node *node)
{
	list_read(r, y, node);
}

void sources_open(struct reader *r, const struct yaml *y)
{
	connectors_open(r, &(const struct manner){.y = y, .node = y->root});
}

void sources_finish(struct reader *r)
{
	const struct source **sources;
	struct source *array;
	size_t n = 0;

	ids_check(r);
	connectors_finish(r);
	sources = arena_calloc(r->arena, r->n_sources + 1, sizeof(const struct source *));
	array = arena_calloc(r->arena, r->n_sources + 1, sizeof(*array));
	if (!sources || !array) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_sources; i++) {
		if (!r->sources[i].source.url.p)
			continue;
		array[n] = r->sources[i].source;
		sources[n] = &array[n];
		n++;
	}
	r->config->sources = sources;
	r->config->n_sources = n;
}
