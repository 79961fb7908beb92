/*
 * redis_url: reads the operator's Redis URL, and says what to write instead when it is none.
 */

#include "io/redis_url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char why_tls[] = "rediss:// is not spoken here: write redis:// to a local TLS "
			      "tunnel (stunnel), unix:/path "
			      "to a socket, or redis:// within a private network";
static const char why_scheme[] =
	"not a Redis URL: write redis://[user:password@]host[:port][/db], unix:/path or "
	"'private'";
static const char why_escape[] =
	"a percent sign without two hexadecimal digits, or %00: write %25 for the sign itself";
static const char why_host[] = "no host in the Redis URL: write redis://host:port";
static const char why_port[] =
	"the port of the Redis URL is none: write a number from 1 to 65535";
static const char why_db[] =
	"the database of the Redis URL is none: write a number from 0 to 65535";
static const char why_path[] =
	"the path of the Redis socket must be absolute: write unix:/path/to.sock";
static const char why_long[] =
	"the path of the Redis socket is longer than the 107 bytes a socket may have: move it";
static const char why_option[] =
	"unknown option in the Redis URL: behind '?' only db, user and password are known";

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static int decode(char **ret, struct span s, const char **ret_why)
{
	char *p = malloc(s.n + 1);
	size_t n = 0;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < s.n; i++) {
		int value = (unsigned char)s.p[i];

		if (value == '%') {
			const int high = i + 2 < s.n ? hex(s.p[i + 1]) : -1;
			const int low = i + 2 < s.n ? hex(s.p[i + 2]) : -1;

			value = high < 0 || low < 0 ? 0 : high << 4 | low;
			i += 2;
		}
		if (!value) {
			free(p);
			*ret_why = why_escape;
			return -EINVAL;
		}
		p[n++] = (char)value;
	}
	p[n] = '\0';
	free(*ret);
	*ret = p;
	return 0;
}

/* -1: not a number from 0 to 65535. */
static int number(struct span s)
{
	int value = 0;

	if (s.n < 1 || s.n > 5)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		value = value * 10 + (s.p[i] - '0');
	}
	return value <= 65535 ? value : -1;
}

static int parse_options(struct redis_url *u, struct span rest, const char **ret_why)
{
	while (rest.n) {
		const size_t end = span_find(rest, '&');
		const struct span pair = span_slice(rest, 0, end);
		const size_t equals = span_find(pair, '=');
		const struct span name = span_slice(pair, 0, equals);
		const struct span value = span_slice(pair, equals + 1, pair.n);
		int r = 0;

		if (span_eq_str(name, "db")) {
			u->db = number(value);
			*ret_why = why_db;
			r = u->db < 0 ? -EINVAL : 0;
		} else if (span_eq_str(name, "user")) {
			r = decode(&u->user, value, ret_why);
		} else if (span_eq_str(name, "password")) {
			r = decode(&u->password, value, ret_why);
		} else {
			*ret_why = why_option;
			r = -EINVAL;
		}
		if (r < 0)
			return r;
		rest = span_slice(rest, end + 1, rest.n);
	}
	return 0;
}

static int parse_unix(struct redis_url *u, struct span rest, const char **ret_why)
{
	const size_t query = span_find(rest, '?');
	struct span path = span_slice(rest, 0, query);
	int r;

	if (span_starts(path, SPAN("//")))
		path = span_slice(path, 2, path.n);
	*ret_why = why_path;
	if (!span_starts(path, SPAN("/")))
		return -EINVAL;
	r = decode(&u->path, path, ret_why);
	if (r < 0)
		return r;
	*ret_why = why_long;
	if (strlen(u->path) > REDIS_SOCKET_PATH_MAX)
		return -EINVAL;
	return parse_options(u, span_slice(rest, query + 1, rest.n), ret_why);
}

/* user:password, :password, or a lone password as older tools write it. */
static int parse_userinfo(struct redis_url *u, struct span s, const char **ret_why)
{
	const size_t colon = span_find(s, ':');
	const struct span user = span_slice(s, 0, colon);
	int r;

	if (colon == s.n)
		return decode(&u->password, s, ret_why);
	r = user.n ? decode(&u->user, user, ret_why) : 0;
	return r < 0 ? r : decode(&u->password, span_slice(s, colon + 1, s.n), ret_why);
}

static int parse_tcp(struct redis_url *u, struct span rest, const char **ret_why)
{
	size_t query = span_find(rest, '?'), slash = span_find(span_slice(rest, 0, query), '/');
	const struct span db = span_slice(rest, slash + 1, query);
	struct span authority = span_slice(rest, 0, slash), host, port = SPAN_NONE;
	size_t at = authority.n, end;
	int r;

	while (at && authority.p[at - 1] != '@')
		at--;
	if (at) {
		r = parse_userinfo(u, span_slice(authority, 0, at - 1), ret_why);
		if (r < 0)
			return r;
	}
	authority = span_slice(authority, at, authority.n);
	if (span_starts(authority, SPAN("["))) {
		end = span_find(authority, ']');
		host = span_slice(authority, 1, end);
		end++;
	} else {
		end = span_find(authority, ':');
		host = span_slice(authority, 0, end);
	}
	*ret_why = why_port;
	u->port = REDIS_PORT;
	if (end < authority.n) {
		port = span_slice(authority, end + 1, authority.n);
		u->port = authority.p[end] == ':' ? number(port) : -1;
	}
	if (u->port < 1)
		return -EINVAL;
	*ret_why = why_host;
	if (!host.n)
		return -EINVAL;
	*ret_why = why_db;
	u->db = db.n ? number(db) : 0;
	if (u->db < 0)
		return -EINVAL;
	r = decode(&u->host, host, ret_why);
	return r < 0 ? r : parse_options(u, span_slice(rest, query + 1, rest.n), ret_why);
}

int redis_url_parse(struct redis_url *ret, struct span url, const char **ret_why)
{
	struct redis_url u = {0};
	const char *why = why_scheme;
	int r = -EINVAL;

	url = span_trim(url);
	if (span_starts(url, SPAN("redis://")))
		r = parse_tcp(&u, span_slice(url, 8, url.n), &why);
	else if (span_starts(url, SPAN("unix:")))
		r = parse_unix(&u, span_slice(url, 5, url.n), &why);
	else if (span_starts(url, SPAN("rediss://")))
		why = why_tls;
	if (r < 0) {
		redis_url_deinit(&u);
		if (ret_why && r == -EINVAL)
			*ret_why = why;
		return r;
	}
	*ret = u;
	return 0;
}

void redis_url_deinit(struct redis_url *url)
{
	if (url->password)
		explicit_bzero(url->password, strlen(url->password));
	free(url->path);
	free(url->host);
	free(url->user);
	free(url->password);
	*url = (struct redis_url){0};
}
