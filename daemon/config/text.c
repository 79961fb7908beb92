/*
 * config/text: values as a person writes them: scalars with ${…} from the environment, secrets
 * from files and systemd credentials. Keeps how each was written, so that nothing else is ever
 * shown.
 */

#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/reader.h"

enum { SECRET_FILE_MAX = 64 * 1024 };

/* End of the ${…} that begins at i, behind the brace; 0: none closes it. */
static size_t reference_end(struct span s, size_t i)
{
	const size_t brace = i + span_find(span_slice(s, i, s.n), '}');

	return brace < s.n ? brace + 1 : 0;
}

/* One ${NAME} or ${NAME:-default}. */
static bool expand_reference(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, struct span inside, struct buf *out)
{
	size_t n = 0;
	char name[128];
	const char *value;
	bool has_default;

	while (n < inside.n && (isalnum((unsigned char)inside.p[n]) || inside.p[n] == '_'))
		n++;
	has_default = n + 1 < inside.n && inside.p[n] == ':' && inside.p[n + 1] == '-';
	if (n == 0 || n >= sizeof(name) || isdigit((unsigned char)inside.p[0]) ||
		(n < inside.n && !has_default)) {
		mistake(r, y, node,
			"\"${%.*s}\" names no variable: write ${NAME} or ${NAME:-default}, or "
			"$${ for "
			"the signs themselves",
			SPAN_ARG(inside));
		return false;
	}
	memcpy(name, inside.p, n);
	name[n] = '\0';
	value = getenv(name);
	if (value && !(has_default && !*value)) {
		buf_add_str(out, value);
		return true;
	}
	if (has_default) {
		buf_add(out, span_slice(inside, n + 2, inside.n));
		return true;
	}
	mistake(r, y, node,
		"${%s} is not set: set it in the environment, or write ${%s:-default}", name,
		name);
	return false;
}

/* `out` gets the text with its references replaced. */
static bool expand_text(
	struct reader *r, const struct yaml *y, const struct yaml_node *node, struct buf *out)
{
	const struct span s = node->text;
	bool ok = true;

	for (size_t i = 0; i < s.n;) {
		const struct span rest = span_slice(s, i, s.n);

		if (span_starts(rest, SPAN("$${"))) {
			buf_add_str(out, "${");
			i += 3;
		} else if (span_starts(rest, SPAN("${"))) {
			const size_t end = reference_end(s, i);

			if (!end) {
				mistake(r, y, node,
					"a \"${\" without its \"}\": close it, or write $${");
				return false;
			}
			ok = expand_reference(r, y, node, span_slice(s, i + 2, end - 1), out) &&
			     ok;
			i = end;
		} else {
			buf_add_char(out, s.p[i++]);
		}
	}
	if (buf_result(out) < 0)
		reader_fail(r, -ENOMEM);
	return ok && buf_result(out) == 0;
}

static bool has_reference(struct span s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '$' && s.p[i + 1] == '{')
			return true;
	return false;
}

static bool scalar_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	enum text_kind kind, struct text *ret)
{
	const bool reference = has_reference(node->text);
	struct buf out = {0};
	struct text text;

	if (!reference) {
		text.value = arena_dup(r->arena, node->text);
	} else {
		if (!expand_text(r, y, node, &out)) {
			buf_deinit(&out);
			return false;
		}
		text.value = arena_dup(r->arena, buf_span(&out));
		buf_deinit(&out);
	}
	text.reference = false;
	if (reference)
		text.written = arena_dup(r->arena, node->text);
	else
		text.written =
			kind == TEXT_SECRET ? SPAN("****") : url_mask(r->arena, text.value);
	if (!text.value.p || !text.written.p) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	*ret = text;
	return true;
}

/* The first and only line of a secret's file. */
static bool secret_file_read(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, struct span path, struct text *ret)
{
	struct stat st;
	struct span secret;
	size_t n;
	char *p;
	int result;

	result = config_file_read(&p, &n, path.p, SECRET_FILE_MAX);
	if (result < 0) {
		mistake(r, y, node, "%s: %s", path.p, file_why(result));
		return false;
	}
	if (stat(path.p, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)))
		warn(r, y, node, "%s can be read by others: chmod 600 %s", path.p, path.p);
	secret = span_of(p, n);
	if (secret.n && secret.p[secret.n - 1] == '\n')
		secret.n--;
	if (secret.n && secret.p[secret.n - 1] == '\r')
		secret.n--;
	if (secret.n == 0 || span_find(secret, '\n') < secret.n ||
		span_find(secret, '\0') < secret.n) {
		mistake(r, y, node,
			"%s: a secret is one line of text: write it as the only line", path.p);
		free(p);
		return false;
	}
	ret->value = arena_dup(r->arena, secret);
	explicit_bzero(p, n);
	free(p);
	if (!ret->value.p)
		reader_fail(r, -ENOMEM);
	return ret->value.p != NULL;
}

static bool reference_written(
	struct reader *r, struct text *ret, const char *key, struct span value)
{
	struct buf out = {0};

	buf_addf(&out, "{%s: ", key);
	config_quote(&out, value);
	buf_add_char(&out, '}');
	ret->written = buf_result(&out) < 0 ? SPAN_NONE : arena_dup(r->arena, buf_span(&out));
	ret->reference = true;
	buf_deinit(&out);
	if (!ret->written.p)
		reader_fail(r, -ENOMEM);
	return ret->written.p != NULL;
}

static bool credential_read(struct reader *r, const struct yaml *y,
	const struct yaml_node *node, struct span name, struct text *ret)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	struct span path;

	if (name.n == 0 || span_find(name, '/') < name.n || name.p[0] == '.') {
		mistake(r, y, node,
			"a credential is named like a file, without \"/\": rename it");
		return false;
	}
	if (!folder || !*folder) {
		mistake(r, y, node,
			"no credentials here: run under systemd with LoadCredential=%.*s:PATH, "
			"or use "
			"{file: PATH}",
			SPAN_ARG(name));
		return false;
	}
	path = arena_printf(r->arena, "%s/%.*s", folder, SPAN_ARG(name));
	if (!path.p) {
		reader_fail(r, -ENOMEM);
		return false;
	}
	return secret_file_read(r, y, node, path, ret) &&
	       reference_written(r, ret, "credential", name);
}

bool text_read(struct reader *r, const struct yaml *y, const struct yaml_node *node,
	enum text_kind kind, struct text *ret)
{
	struct text text = {0}, path;

	if (node->type == YAML_SCALAR && !yaml_is_null(node))
		return scalar_read(r, y, node, kind, ret);
	if (kind == TEXT_SECRET && node->type == YAML_MAPPING && node->n == 1 &&
		node->pairs[0].value->type == YAML_SCALAR) {
		const struct yaml_node *value = node->pairs[0].value;
		const struct span key = node->pairs[0].key->text;

		if (span_eq_str(key, "file") || span_eq_str(key, "credential")) {
			if (!scalar_read(r, y, value, TEXT_PLAIN, &path))
				return false;
			if (span_eq_str(key, "credential")) {
				if (!credential_read(r, y, value, path.value, &text))
					return false;
			} else {
				path.value = path_resolve(r, path.value);
				if (!path.value.p ||
					!secret_file_read(r, y, value, path.value, &text) ||
					!reference_written(r, &text, "file", path.value))
					return false;
			}
			*ret = text;
			return true;
		}
	}
	mistake(r, y, node,
		kind == TEXT_SECRET ? "%s where a text is expected: write it, or ${VARIABLE}, "
				      "{file: PATH}, "
				      "{credential: NAME}"
				    : "%s where a text is expected",
		yaml_type_name(node));
	return false;
}

void config_quote(struct buf *out, struct span text)
{
	/* Plain where no reader of YAML could see anything else in it. */
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_./+-";
	static const char *const words[] = {
		"true", "false", "null", "yes", "no", "on", "off", "~", "y", "n"};
	bool plain = text.n > 0 && text.p[0] != '-' && text.p[0] != '.' && text.p[0] != '+';

	for (size_t i = 0; plain && i < text.n; i++)
		plain = text.p[i] &&
			(strchr(safe, text.p[i]) || (text.p[i] == ':' && i + 1 < text.n &&
							    i > 0 && text.p[i + 1] != ' '));
	for (size_t i = 0; plain && i < sizeof(words) / sizeof(*words); i++)
		plain = !span_eq_ci(text, span_str(words[i]));
	if (plain) {
		buf_add(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\n')
			buf_add_str(out, "\\n");
		else if (c == '\t')
			buf_add_str(out, "\\t");
		else if (c < 0x20 || c == 0x7F)
			buf_addf(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

void text_print(struct buf *out, const struct text *text)
{
	if (text->reference)
		buf_add(out, text->written);
	else
		config_quote(out, text->written);
}
