#include "mention_page.h"

#include <errno.h>
#include <stdlib.h>

#include "line/codec_hit.h"
#include "line/codec_item.h"
#include "line/codec_mention.h"
#include "line/json_text.h"

/* One request on its way. */
struct question {
	struct question *next;
	struct mention_page *page;
	struct http_ask *ask;
	struct item_key key;
	struct buf json;
};

struct mention_page {
	struct archive *archive;
	struct question *questions;
};

static void end(struct question *q, int status, struct span body)
{
	struct question **at = &q->page->questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	http_reply(q->ask, status, "application/json", NULL, 0, body);
	buf_deinit(&q->json);
	free(q);
}

static void end_without(struct question *q, int status)
{
	end(q, status, SPAN("{\"mention\":null}"));
}

static void add_member(struct buf *out, const char *before, struct span text)
{
	buf_add_str(out, before);
	json_write_string(out, text);
}

static void on_known(void *arg, const struct archive_known *known, size_t n)
{
	struct question *q = arg;
	struct buf *out = &q->json;

	for (size_t i = 0; n && i < known->n_outcomes; i++) {
		const struct archive_outcome *o = &known->outcomes[i];

		add_member(out, i ? ",{\"receiver\":" : "{\"receiver\":", o->receiver);
		add_member(out, ",\"outcome\":", o->outcome);
		add_member(out, ",\"delivery\":", o->delivery);
		buf_add_str(out, ",\"at\":");
		json_add_time(out, o->at);
		add_member(out, ",\"why\":", o->why);
		if (wall_known(o->until)) {
			buf_add_str(out, ",\"until\":");
			json_add_time(out, o->until);
		}
		buf_add_char(out, '}');
	}
	buf_add_str(out, "]}");
	if (out->failed)
		end_without(q, 500);
	else
		end(q, 200, buf_span(out));
}

static void on_hit(void *arg, const struct hit *const *hits, size_t n)
{
	struct question *q = arg;
	struct archive_asked asked = {.key = q->key};
	struct buf bytes = {0};

	if (!n || !hits[0]) {
		end_without(q, 404);
		return;
	}
	buf_add_str(&q->json, "{\"mention\":");
	mention_write_json(&q->json, hits[0]);
	buf_add_str(&q->json, ",\"told\":[");
	hit_encode(&bytes, hits[0]);
	asked.hit = buf_span(&bytes);
	if (bytes.failed)
		end_without(q, 500);
	else
		archive_ask(q->page->archive, &asked, 1, on_known, q);
	buf_deinit(&bytes);
}

int mention_page_new(struct mention_page **ret, struct archive *archive)
{
	struct mention_page *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->archive = archive;
	*ret = m;
	return 0;
}

struct mention_page *mention_page_free(struct mention_page *m)
{
	if (!m)
		return NULL;
	while (m->questions)
		end_without(m->questions, 503);
	free(m);
	return NULL;
}

void mention_page_serve(
	struct mention_page *m, struct http_ask *ask, const struct item_key *key)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q) {
		http_reply_text(ask, 503, "out of memory");
		return;
	}
	*q = (struct question){.next = m->questions, .page = m, .ask = ask, .key = *key};
	m->questions = q;
	archive_get(m->archive, key, 1, on_hit, q);
}
