#include "config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/path.h"
#include "config/keys.h"
#include "config/networks.h"
#include "config/reader.h"
#include "io/resolve.h"
#include "sources/url.h"
#include "vigie/cleanup.h"
#include "vigie/version.h"

/* sun_path holds 108 bytes with its NUL. */
enum { SOCKET_PATH_MAX = 107 };

void *reader_grow(struct reader *r, void *array, size_t *n, size_t *capacity, size_t size)
{
	if (*n == *capacity) {
		const size_t bigger = *capacity ? *capacity * 2 : 16;
		char *p = realloc(array, bigger * size);

		if (!p) {
			reader_fail(r, -ENOMEM);
			return NULL;
		}
		array = p;
		*capacity = bigger;
	}
	memset((char *)array + *n * size, 0, size);
	(*n)++;
	return array;
}

/* --- Sections of scalars
 * ----------------------------------------------------------------------- */

/* Absolute, without slashes at its end. */
static struct span state_resolve(struct reader *r, struct span path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path_resolve(r, path);
}

static void state_default(struct reader *r, const struct yaml *y)
{
	const int result = config_state_default(&r->config->state, r->arena);

	if (result == -ENOENT)
		mistake(r, y, y->root,
			"no state folder and no home to put it in: write state: …");
	else
		reader_fail(r, result);
}

static void override(struct value *value, const char *text, const struct yaml_node *node)
{
	if (!text)
		return;
	value->node = node;
	value->text = (struct text){span_str(text), span_str(text), false};
}

static void redis_read(struct reader *r, const struct yaml *y, const struct value *value)
{
	const struct span url = value->text.value;
	const struct url_parts parts = url_split(url);
	const struct yaml_node *node = value->node ? value->node : y->root;

	if (span_eq_str(url, "private"))
		return;
	r->config->redis = arena_dup(r->arena, url);
	if (span_eq_ci(parts.scheme, SPAN("rediss")))
		mistake(r, y, node,
			"redis over TLS is not spoken: run stunnel beside Redis, and write "
			"redis:// of "
			"its end here");
	else if (span_eq_ci(parts.scheme, SPAN("unix"))) {
		if (!parts.path.n || parts.path.p[0] != '/' || parts.path.n > SOCKET_PATH_MAX)
			mistake(r, y, node,
				"\"%.*s\": write unix:/PATH, of a socket, at most %d bytes "
				"long",
				SPAN_ARG(value->text.written), SOCKET_PATH_MAX);
	} else if (!span_eq_ci(parts.scheme, SPAN("redis")) || !parts.authority.n)
		mistake(r, y, node,
			"\"%.*s\": write private, redis://[user:password@]host[:port][/db] or "
			"unix:/path",
			SPAN_ARG(value->text.written));
}

static void top_read(struct reader *r, const struct yaml *y, struct value *v)
{
	const struct span prefix = v[TOP_REDIS_PREFIX].text.value;

	override(&v[TOP_STATE], r->overrides->state, y->root);
	override(&v[TOP_REDIS], r->overrides->redis, y->root);
	if (v[TOP_STATE].node)
		r->config->state = path_resolve(r, v[TOP_STATE].text.value);
	else
		state_default(r, y);
	while (r->config->state.n > 1 && r->config->state.p[r->config->state.n - 1] == '/')
		r->config->state = arena_dup(
			r->arena, span_slice(r->config->state, 0, r->config->state.n - 1));
	redis_read(r, y, &v[TOP_REDIS]);
	r->config->redis_prefix = arena_dup(r->arena, prefix);
	for (size_t i = 0; i < prefix.n; i++)
		if (strchr("{}*?[]\\ ", prefix.p[i])) {
			mistake(r, y, v[TOP_REDIS_PREFIX].node,
				"redis_prefix: braces, blanks and wildcards have a meaning in "
				"Redis: "
				"write letters, digits and :");
			break;
		}
}

static void http_read(struct reader *r, const struct yaml *y, struct value *v)
{
	struct config_http *http = &r->config->http;
	struct span url;

	override(&v[HTTP_LISTEN], r->overrides->listen, y->root);
	if (!span_eq_str(v[HTTP_LISTEN].text.value, "off"))
		http->listen = arena_dup(r->arena, v[HTTP_LISTEN].text.value);
	if (http->listen.n && !listen_ok(http->listen))
		mistake(r, y, v[HTTP_LISTEN].node,
			"listen \"%.*s\": write HOST:PORT, as in 127.0.0.1:8787, unix:/PATH, "
			"or off",
			SPAN_ARG(v[HTTP_LISTEN].text.written));
	url = v[HTTP_PUBLIC_URL].text.value;
	if (url.n && !web_url_ok(url))
		mistake(r, y, v[HTTP_PUBLIC_URL].node,
			"public_url \"%.*s\" is no address: write https://…",
			SPAN_ARG(v[HTTP_PUBLIC_URL].text.written));
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	http->public_url = arena_dup(r->arena, url);
}

static void allow_read(struct reader *r, const struct yaml *y, const struct value *value)
{
	struct address_range *allow = arena_calloc(r->arena, value->n + 1, sizeof(*allow));

	if (!allow) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < value->n; i++)
		if (!address_range_parse(&allow[i], value->list[i].value))
			mistake(r, y,
				value->node->type == YAML_SEQUENCE ? value->node->items[i]
								   : value->node,
				"allow_addresses: \"%.*s\" is no address or network: write "
				"10.1.0.0/16 "
				"or fd00::/8",
				SPAN_ARG(value->list[i].written));
	r->config->crawl.allow = allow;
	r->config->crawl.n_allow = value->n;
}

static void nameservers_read(struct reader *r, const struct yaml *y, const struct value *value)
{
	struct buf list = {0};

	for (size_t i = 0; i < value->n; i++) {
		if (!resolve_is_nameserver(value->list[i].value))
			mistake(r, y,
				value->node->type == YAML_SEQUENCE ? value->node->items[i]
								   : value->node,
				"nameservers: \"%.*s\" is no address: write 127.0.0.1, "
				"127.0.0.1:5353 or [::1]:5353",
				SPAN_ARG(value->list[i].written));
		buf_addf(&list, "%s%.*s", i ? "," : "", SPAN_ARG(value->list[i].value));
	}
	if (list.n)
		r->config->crawl.nameservers = arena_dup(r->arena, buf_span(&list));
	if (list.failed || (list.n && !r->config->crawl.nameservers.p))
		reader_fail(r, -ENOMEM);
	buf_deinit(&list);
}

static bool one_line(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
			return false;
	return true;
}

static void crawl_read(struct reader *r, const struct yaml *y, struct value *v)
{
	struct config_crawl *crawl = &r->config->crawl;
	const struct span contact = v[CRAWL_CONTACT].text.value;
	struct stat st;

	crawl->every_ms = v[CRAWL_EVERY].number;
	crawl->concurrency_per_host = (unsigned)v[CRAWL_CONCURRENCY].number;
	crawl->spacing_ms = v[CRAWL_SPACING].number;
	crawl->max_body_bytes = (size_t)v[CRAWL_MAX_BODY].number;
	crawl->max_html_bytes = (size_t)v[CRAWL_MAX_HTML].number;
	crawl->history_ms = v[CRAWL_HISTORY].number;
	crawl->robots = v[CRAWL_ROBOTS].truth;
	if (v[CRAWL_USER_AGENT].node)
		crawl->user_agent = v[CRAWL_USER_AGENT].text.value;
	else if (contact.n)
		crawl->user_agent = arena_printf(
			r->arena, "vigie/%s (+%.*s)", VIGIE_VERSION, SPAN_ARG(contact));
	else
		crawl->user_agent = SPAN("vigie/" VIGIE_VERSION);
	if (!crawl->user_agent.n || !one_line(crawl->user_agent))
		mistake(r, y,
			v[CRAWL_USER_AGENT].node ? v[CRAWL_USER_AGENT].node
						 : v[CRAWL_CONTACT].node,
			"a user agent is one line of text: say who is asking");
	if (v[CRAWL_CA_FILE].node) {
		crawl->ca_file = path_resolve(r, v[CRAWL_CA_FILE].text.value);
		if (crawl->ca_file.p && stat(crawl->ca_file.p, &st) < 0)
			mistake(r, y, v[CRAWL_CA_FILE].node, "%s: %s", crawl->ca_file.p,
				file_why(errno));
		v[CRAWL_CA_FILE].text = (struct text){crawl->ca_file, crawl->ca_file, false};
	}
	if (crawl->max_body_bytes == 0 || crawl->max_html_bytes == 0)
		mistake(r, y, v[crawl->max_body_bytes ? CRAWL_MAX_HTML : CRAWL_MAX_BODY].node,
			"a limit of nothing lets nothing in: write 16MiB");
	allow_read(r, y, &v[CRAWL_ALLOW]);
	nameservers_read(r, y, &v[CRAWL_NAMESERVERS]);
}

/* --- The whole
 * --------------------------------------------------------------------------------- */

/* A section of its own, or its defaults. */
static void subsection(struct reader *r, const struct yaml *y, const struct value *top,
	const struct section *section, struct value *values)
{
	if (top->node)
		(void)section_read(r, y, top->node, section, values, NULL, NULL, NULL, 0);
	else
		section_defaults(r, section, values);
}

static void rules_section(struct reader *r, const struct yaml *y, const struct value *top)
{
	struct span *brands;

	if (top[TOP_BRANDS].node)
		brands_read(r, y, top[TOP_BRANDS].node);
	if (top[TOP_DEFINE].node)
		define_read(r, y, top[TOP_DEFINE].node);
	if (top[TOP_RULES].node)
		rules_read(r, y, top[TOP_RULES].node);
	rules_build(r, y);
	brands = arena_calloc(r->arena, r->n_terms + 1, sizeof(*brands));
	if (!brands) {
		reader_fail(r, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < r->n_terms; i++)
		brands[i] = r->terms[i].name;
	r->config->brands = brands;
	r->config->n_brands = r->n_terms;
	if (r->config->rules && ruleset_count(r->config->rules) == 0)
		warn(r, y, y->root, "no rule: nothing is looked for; write brands: or rules:");
}

static void sources_section(struct reader *r, const struct yaml *y, const struct value *top)
{
	if (top[TOP_SOURCES].node)
		sources_read(r, y, top[TOP_SOURCES].node);
	else if (r->n_terms)
		sources_open(r, y);
	sources_finish(r);
	if (r->config->n_sources == 0)
		warn(r, y, y->root, "no source: nothing is read; write sources:");
}

static void receivers_section(struct reader *r, const struct yaml *y, const struct value *top)
{
	if (top[TOP_TZ].node)
		(void)zone_value(r, y, &top[TOP_TZ], &r->zone, &r->zone_name);
	if (!r->zone) /* UTC, which goes without saying */
		r->zone_name = SPAN_NONE;
	r->config->zone = r->zone;
	if (top[TOP_TIME_INTERVALS].node)
		intervals_read(r, y, top[TOP_TIME_INTERVALS].node);
	if (top[TOP_SEVERITY].node)
		severity_read(r, y, top[TOP_SEVERITY].node);
	if (top[TOP_NOTIFY].node)
		notify_read(r, y, top[TOP_NOTIFY].node);
	if (top[TOP_RECEIVERS].node)
		receivers_read(r, y, top[TOP_RECEIVERS].node);
	receivers_finish(r);
	if (top[TOP_SILENCES].node)
		silences_read(r, y, top[TOP_SILENCES].node);
	if (top[TOP_MUTES].node)
		mutes_read(r, y, top[TOP_MUTES].node);
	notices_read(r, y, &top[TOP_NOTICES]);
	routes_read(r, y, top[TOP_ROUTES].node);
	reports_read(r, y, top[TOP_REPORTS].node);
}

static void document_read(struct reader *r, const struct yaml *y)
{
	struct value top[SECTION_KEYS_MAX], http[SECTION_KEYS_MAX], crawl[SECTION_KEYS_MAX],
		retention[SECTION_KEYS_MAX];

	if (!section_read(r, y, y->root, &section_top, top, NULL, NULL, NULL, 0))
		return;
	subsection(r, y, &top[TOP_HTTP], &section_http, http);
	subsection(r, y, &top[TOP_CRAWL], &section_crawl, crawl);
	subsection(r, y, &top[TOP_RETENTION], &section_retention, retention);
	top_read(r, y, top);
	http_read(r, y, http);
	crawl_read(r, y, crawl);
	r->config->retention.mentions_ms = retention[RETENTION_MENTIONS].number;
	r->config->retention.passed_over_bytes =
		(size_t)retention[RETENTION_PASSED_OVER].number;
	r->config->retention.author_ms = retention[RETENTION_AUTHOR].number;
	rules_section(r, y, top);
	sources_section(r, y, top);
	receivers_section(r, y, top);
	if (r->overrides->expanded && r->result == 0)
		expand(r, top, http, crawl, retention, top[TOP_DEFINE].node);
}

static void reader_release(struct reader *r)
{
	ruleset_builder_free(r->builder);
	free(r->rules);
	free(r->rule_files);
	free(r->terms);
	free(r->sources);
	free(r->receivers);
}

/* In the order of the file they stand in, not of the sections that found them. */
static int compare_places(const void *a, const void *b)
{
	const struct err *x = a, *y = b;
	const int c = strcmp(x->file ? x->file : "", y->file ? y->file : "");

	if (c)
		return c;
	return x->line != y->line ? (x->line > y->line) - (x->line < y->line)
				  : (x->column > y->column) - (x->column < y->column);
}

static void sort_places(struct err_list *l, size_t from)
{
	if (l->n > from)
		qsort(l->items + from, l->n - from, sizeof(*l->items), compare_places);
}

int config_read(struct config **ret, struct span yaml, const char *name, const char *folder,
	const struct config_overrides *overrides, struct err_list *errors)
{
	static const struct config_overrides none;
	struct reader r = {
		.errors = errors, .folder = folder, .overrides = overrides ? overrides : &none};
	const size_t before = errors->n;
	struct yaml y;
	int result;

	result = yaml_read(&y, yaml, name, errors);
	if (result < 0)
		return result;
	r.config = calloc(1, sizeof(*r.config));
	if (!r.config || ruleset_builder_new(&r.builder) < 0) {
		free(r.config);
		yaml_deinit(&y);
		return -ENOMEM;
	}
	r.config->references = 1;
	r.arena = &r.config->arena;
	document_read(&r, &y);
	reader_release(&r);
	yaml_deinit(&y);
	sort_places(errors, before);
	sort_places(&r.config->warnings, 0);
	if (r.result < 0) {
		config_unref(r.config);
		return r.result;
	}
	*ret = r.config;
	return 0;
}

/* The folder of a file, absolute; NULL: no memory, or it is gone. */
static char *folder_of(const char *path)
{
	char *whole = realpath(path, NULL), *slash;

	if (!whole)
		return NULL;
	slash = strrchr(whole, '/');
	slash[slash == whole] = '\0';
	return whole;
}

int config_load(struct config **ret, const char *path, const struct config_overrides *overrides,
	struct err_list *errors)
{
	CLEANUP(freep) char *bytes = NULL, *folder = NULL;
	size_t n = 0;
	int r;

	r = config_file_read(&bytes, &n, path, CONFIG_FILE_MAX);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return err_add(errors, path, 0, 0, "%s", file_why(r));
	folder = folder_of(path);
	if (!folder)
		return errno == ENOMEM ? -ENOMEM
				       : err_add(errors, path, 0, 0, "%s", file_why(errno));
	return config_read(ret, span_of(bytes, n), path, folder, overrides, errors);
}

/* --- The state folder alone
 * -------------------------------------------------------------------- */

int config_state_default(struct span *ret, struct arena *arena)
{
	const char *given = getenv("STATE_DIRECTORY"), *home;
	struct span s = span_str(given);

	s = span_slice(s, 0, span_find(s, ':')); /* systemd separates several by colons */
	if (s.n)
		s = arena_dup(arena, s);
	else if ((home = getenv("XDG_STATE_HOME")) && home[0] == '/')
		s = arena_printf(arena, "%s/vigie", home);
	else if ((home = getenv("HOME")) && home[0] == '/')
		s = arena_printf(arena, "%s/.local/state/vigie", home);
	else
		return -ENOENT;
	if (!s.p)
		return -ENOMEM;
	*ret = s;
	return 0;
}

int config_state(
	struct span *ret, struct arena *arena, const char *path, struct err_list *errors)
{
	CLEANUP(freep) char *bytes = NULL, *folder = NULL;
	struct reader r = {.arena = arena, .errors = errors};
	const struct yaml_node *node;
	struct text text;
	struct yaml y;
	size_t n = 0;
	int result;

	if (!path)
		path = config_path_default();
	if (!path)
		return config_state_default(ret, arena);
	result = config_file_read(&bytes, &n, path, CONFIG_FILE_MAX);
	if (result < 0)
		return result == -ENOMEM ? result
					 : err_add(errors, path, 0, 0, "%s", file_why(result));
	folder = folder_of(path);
	if (!folder)
		return -ENOMEM;
	result = yaml_read(&y, span_of(bytes, n), path, errors);
	if (result < 0)
		return result;
	r.folder = folder;
	node = yaml_get(y.root, "state");
	if (!node || yaml_is_null(node)) {
		result = config_state_default(ret, arena);
	} else if (text_read(&r, &y, node, TEXT_PLAIN, &text)) {
		*ret = state_resolve(&r, text.value);
		result = r.result;
	} else {
		result = r.result;
	}
	yaml_deinit(&y);
	return result;
}

/* --- References
 * -------------------------------------------------------------------------------- */

struct config *config_ref(struct config *config)
{
	if (config)
		(void)__atomic_add_fetch(&config->references, 1, __ATOMIC_RELAXED);
	return config;
}

struct config *config_unref(struct config *config)
{
	if (!config || __atomic_sub_fetch(&config->references, 1, __ATOMIC_ACQ_REL) > 0)
		return NULL;
	ruleset_unref(config->rules);
	err_list_deinit(&config->warnings);
	networks_free(config->networks);
	arena_release(&config->arena);
	free(config);
	return NULL;
}
