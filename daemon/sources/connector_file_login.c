#include <stdlib.h>

#include "sources/connector_file_inner.h"

static void put_about(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_login *)to)->about = connector_file_text(f, value);
}

static void put_base(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_login *)to)->base = connector_file_text(f, value);
}

static void put_needs(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_login *login = to;

	if (value->type != YAML_SEQUENCE) {
		mistake(f, value, "%s stands where a list is wanted: write [name, name]",
			yaml_type_name(value));
		return;
	}
	login->needs = connector_file_make(f, value->n, sizeof(*login->needs));
	for (size_t i = 0; login->needs && i < value->n; i++)
		login->needs[login->n_needs++] = connector_file_text(f, value->items[i]);
}

static void put_add(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_login *login = to;

	connector_file_request(f, &login->add, value);
	if (!f->result &&
		(login->add.path || login->add.body || login->add.n_form || login->add.method))
		mistake(f, value,
			"what is added to each request: write query.NAME, header.NAME, "
			"json.NAME "
			"or basic");
}

/* A request of its own. */
static void put_fetch(
	struct file *f, struct connector_ask *ask, bool *has, const struct yaml_node *value)
{
	connector_file_request(f, ask, value);
	*has = true;
	if (!ask->path && !f->result)
		mistake(f, value, "nothing is asked for: write path = expression");
}

static void put_token(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_login *login = to;

	put_fetch(f, &login->token, &login->has_token, value);
}

static void put_refresh(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_login *login = to;

	put_fetch(f, &login->refresh, &login->has_refresh, value);
}

static void put_consent(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_login *login = to;

	put_fetch(f, &login->consent, &login->has_consent, value);
}

static void put_answer(struct file *f, void *to, const struct yaml_node *value)
{
	struct connector_login *login = to;

	connector_file_parts(f, &login->answer, &login->n_answer, value);
}

static void put_lifetime(struct file *f, void *to, const struct yaml_node *value)
{
	((struct connector_login *)to)->lifetime_ms = connector_file_duration(f, value);
}

static bool answers_with(const struct connector_login *login, const char *name)
{
	for (size_t i = 0; i < login->n_answer; i++)
		if (span_eq_str(login->answer[i].name, name))
			return true;
	return false;
}

static void check(struct file *f, const struct yaml_node *key, const struct connector_login *l)
{
	if (f->result)
		return;
	if (!l->n_needs)
		mistake(f, key, "this way needs no secret: write needs: [name]");
	else if ((l->has_token || l->has_refresh) && !answers_with(l, "access_token"))
		mistake(f, key,
			"a token is fetched, and nothing of it kept: write answer: "
			"{access_token: expression}");
	else if (l->has_consent && !l->has_token)
		mistake(f, key, "after a consent a token is fetched: write token: too");
}

void connector_file_logins(struct file *f, void *to, const struct yaml_node *value)
{
	static const struct connector_file_key keys[] = {{"about", put_about},
		{"needs", put_needs}, {"base", put_base}, {"add", put_add},
		{"token", put_token}, {"refresh", put_refresh}, {"consent", put_consent},
		{"answer", put_answer}, {"lifetime", put_lifetime}};
	struct connector *c = to;

	if (value->type != YAML_MAPPING) {
		mistake(f, value,
			"%s stands where ways to log in are wanted: write a name, and needs: "
			"and "
			"add: below it",
			yaml_type_name(value));
		return;
	}
	c->logins = connector_file_make(f, value->n, sizeof(*c->logins));
	for (size_t i = 0; c->logins && i < value->n; i++) {
		struct connector_login *login = &c->logins[c->n_logins++];

		login->name = connector_file_text(f, value->pairs[i].key);
		connector_file_mapping(f, value->pairs[i].value, keys, COUNT(keys), login);
		check(f, value->pairs[i].key, login);
	}
}
