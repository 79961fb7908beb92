#include "config/networks.h"

#include "connectors/builtin.h"

void networks_free(struct config_network *networks)
{
	for (struct config_network *n = networks; n; n = n->next)
		connector_free(n->connector); /* the node is in the arena */
}

void network_keep(struct reader *r, struct span name, struct connector *connector)
{
	struct config_network *n = arena_calloc(r->arena, 1, sizeof(*n));

	if (!n) {
		connector_free(connector);
		reader_fail(r, -ENOMEM);
		return;
	}
	*n = (struct config_network){r->config->networks, arena_dup(r->arena, name), connector};
	r->config->networks = n;
}

struct span config_network_name(const struct config *config, const struct connector *connector)
{
	for (const struct config_network *n = config->networks; n; n = n->next)
		if (n->connector == connector)
			return n->name;
	return SPAN_NONE;
}

static const struct connector *known(const struct reader *r, struct span name)
{
	for (const struct config_network *n = r->config->networks; n; n = n->next)
		if (span_eq(n->name, name))
			return n->connector;
	return NULL;
}

static const struct connector *read_bytes(
	struct reader *r, struct span name, struct span bytes, const char *file)
{
	struct connector *c = NULL;
	const int result = connector_new(&c, bytes, file, r->errors);

	reader_fail(r, result);
	if (result == 0)
		network_keep(r, name, c);
	return known(r, name);
}

static const struct connector *read_file(
	struct reader *r, const struct yaml *y, const struct yaml_node *node, struct span name)
{
	const struct span path = path_resolve(r, name);
	const struct connector *c = NULL;
	size_t n;
	char *p;
	int result;

	if (!path.p)
		return NULL;
	result = config_file_read(&p, &n, path.p, CONNECTOR_MAX_BYTES);
	if (result < 0) {
		mistake(r, y, node, "%s: %s", path.p, file_why(result));
		return NULL;
	}
	c = read_bytes(r, name, span_of(p, n), path.p);
	free(p);
	return c;
}

const struct connector *network_builtin(struct reader *r, const char *name)
{
	const struct builtin *b = builtin_find(span_str(name));
	const struct connector *c = known(r, span_str(name));

	return c || !b ? c : read_bytes(r, span_str(name), b->body, b->file);
}

const struct connector *network_load(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, const struct text *name)
{
	const struct builtin *b = builtin_find(name->value);
	const struct connector *c = known(r, name->value);
	const char *guess;

	if (c)
		return c;
	if (b)
		return read_bytes(r, name->value, b->body, b->file);
	if (span_ends(name->value, SPAN(".yaml")))
		return read_file(r, y, node, name->value);
	guess = builtin_nearest(name->value);
	if (guess)
		mistake(r, y, node, "unknown connector \"%.*s\": did you mean \"%s\"?",
			SPAN_ARG(name->written), guess);
	else
		mistake(r, y, node,
			"unknown connector \"%.*s\": vigie sources list shows them all; one of "
			"your own is named by its file, as in board.yaml",
			SPAN_ARG(name->written));
	return NULL;
}

/* Where a language is mostly spoken on the news sites asked, and its English name. */
static const struct {
	const char *lang, *country, *english;
} languages[] = {
	{"ar", "EG", "arabic"},
	{"cs", "CZ", "czech"},
	{"da", "DK", "danish"},
	{"de", "DE", "german"},
	{"el", "GR", "greek"},
	{"en", "US", "english"},
	{"es", "ES", "spanish"},
	{"fi", "FI", "finnish"},
	{"fr", "FR", "french"},
	{"he", "IL", "hebrew"},
	{"hu", "HU", "hungarian"},
	{"id", "ID", "indonesian"},
	{"it", "IT", "italian"},
	{"ja", "JP", "japanese"},
	{"ko", "KR", "korean"},
	{"nl", "NL", "dutch"},
	{"no", "NO", "norwegian"},
	{"pl", "PL", "polish"},
	{"pt", "PT", "portuguese"},
	{"ro", "RO", "romanian"},
	{"ru", "RU", "russian"},
	{"sv", "SE", "swedish"},
	{"tr", "TR", "turkish"},
	{"uk", "UA", "ukrainian"},
	{"vi", "VN", "vietnamese"},
	{"zh", "CN", "chinese"},
};

struct language language_of(struct span tag)
{
	const size_t hyphen = span_find(tag, '-');
	struct language l = {.lang = span_slice(tag, 0, hyphen)};

	if (hyphen + 3 == tag.n)
		l.country = span_slice(tag, hyphen + 1, tag.n);
	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++) {
		if (!span_eq_ci(l.lang, span_str(languages[i].lang)))
			continue;
		if (!l.country.n)
			l.country = span_str(languages[i].country);
		l.english = span_str(languages[i].english);
	}
	return l;
}
