#include "answer.h"

#include <jansson.h>
#include <math.h>

#include "text.h"
#include "vigie/utf8.h"

/* What is repeated of a server's words. */
enum { SAID_BYTES = 160 };

struct span answer_said(const struct answer *answer, struct arena *arena)
{
	const struct span body = span_trim(answer->body);
	struct buf clean = {0};
	struct span ret;

	/* A page says nothing for one line, and an address may be the secret one. */
	if (span_empty(body) || body.p[0] == '<' || memmem(body.p, body.n, "://", 3))
		return SPAN("");
	utf8_repair(&clean, span_slice(body, 0, SAID_BYTES + 4));
	ret = text_heading(arena, utf8_prefix(buf_span(&clean), SAID_BYTES));
	buf_deinit(&clean);
	return ret;
}

static struct span reason(const struct answer *answer, struct arena *arena, const char *what)
{
	const struct span said = answer_said(answer, arena);

	if (span_empty(said))
		return arena_printf(arena, "%s %d", what, answer->status);
	return arena_printf(arena, "%s %d: %.*s", what, answer->status, SPAN_ARG(said));
}

enum verdict answer_judge_http(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	static const int healing[] = {408, 425, 429};
	const int status = answer->status;

	if (status == 0) {
		*ret_why = SPAN("no answer");
		return VERDICT_RETRY;
	}
	if (status >= 300 && status < 400) {
		*ret_why = arena_printf(arena,
			"HTTP %d: a redirect is not followed: put the final address in the "
			"configuration",
			status);
		return VERDICT_RETRY;
	}
	*ret_why = reason(answer, arena, "HTTP");
	if (status >= 200 && status < 300)
		return VERDICT_DELIVERED;
	if (status == 410)
		return VERDICT_GONE;
	for (size_t i = 0; i < sizeof(healing) / sizeof(*healing); i++)
		if (status == healing[i])
			return VERDICT_RETRY;
	return status >= 400 && status < 500 ? VERDICT_DEAD : VERDICT_RETRY;
}

enum verdict answer_judge_words(const struct answer *answer, const struct answer_word *rows,
	struct arena *arena, struct span *ret_why)
{
	const enum verdict by_status = answer_judge_http(answer, arena, ret_why);

	for (; rows->word; rows++)
		if ((!rows->status || rows->status == answer->status) && answer->body.n &&
			memmem(answer->body.p, answer->body.n, rows->word, strlen(rows->word)))
			return rows->verdict;
	return by_status;
}

enum verdict answer_judge_smtp(
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	static const int login[] = {530, 534, 535, 538};
	const int status = answer->status;

	if (status == 0) {
		*ret_why = SPAN("no answer");
		return VERDICT_RETRY;
	}
	*ret_why = reason(answer, arena, "SMTP");
	if (status >= 200 && status < 300)
		return VERDICT_DELIVERED;
	for (size_t i = 0; i < sizeof(login) / sizeof(*login); i++)
		if (status == login[i])
			return VERDICT_RETRY;
	return status >= 500 && status < 600 ? VERDICT_DEAD : VERDICT_RETRY;
}

int64_t answer_pause_ms(const struct answer *answer, const char *const *path, double unit_ms)
{
	json_t *body =
		answer->body.n ? json_loadb(answer->body.p, answer->body.n, 0, NULL) : NULL;
	json_t *at = body;
	int64_t ms = -1;

	for (; *path && at; path++)
		at = json_object_get(at, *path);
	if (json_is_number(at) && json_number_value(at) >= 0) {
		const double most = 1000 * 86400000.0; /* what is longer is as good as that */
		const double asked = ceil(json_number_value(at) * unit_ms);

		ms = asked < most ? (int64_t)asked : (int64_t)most;
	}
	json_decref(body);
	return ms;
}

bool answer_is_true(const struct answer *answer, const char *name)
{
	json_t *body =
		answer->body.n ? json_loadb(answer->body.p, answer->body.n, 0, NULL) : NULL;
	const bool ret = json_is_true(json_object_get(body, name));

	json_decref(body);
	return ret;
}

bool answer_has(const struct answer *answer, const char *name)
{
	json_t *body =
		answer->body.n ? json_loadb(answer->body.p, answer->body.n, 0, NULL) : NULL;
	const json_t *member = json_object_get(body, name);
	const bool ret = member && !json_is_null(member);

	json_decref(body);
	return ret;
}

enum verdict answer_confirm(enum verdict verdict, bool bears_mark, const char *platform,
	const struct answer *answer, struct arena *arena, struct span *ret_why)
{
	if (verdict != VERDICT_DELIVERED || bears_mark)
		return verdict;
	*ret_why = arena_printf(
		arena, "HTTP %d, but not in the words of %s", answer->status, platform);
	return VERDICT_RETRY;
}
