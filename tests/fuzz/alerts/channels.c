/*
 * channels: arbitrary text through every channel. What comes out keeps the platform's limits and
 * holds none of the sequences that would make a stranger's text more than text.
 *
 * Input: lines "title", "text", "author", "url", "rule", … separated by 0x1E; then numbers.
 */

#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>

#include "text.h"
#include "vigie/buf.h"
#include "vigie/channel.h"
#include "vigie/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool holds(struct span s, const char *what)
{
	return s.n && memmem(s.p, s.n, what, strlen(what));
}

enum { PARTS = 8, SPANS = 6 };

struct input {
	struct arena arena;
	struct span part[PARTS];
	struct match_span spans[SPANS];
	struct match match;
	struct hit hit;
};

static void input_read(struct input *in, const uint8_t *data, size_t size)
{
	struct buf text = {0};
	struct span rest;

	utf8_repair(&text, span_of((const char *)data, size));
	rest = arena_dup(&in->arena, buf_span(&text));
	buf_deinit(&text);
	for (int i = 0; i < PARTS; i++) {
		const size_t end = span_find(rest, 0x1E);

		in->part[i] = span_slice(rest, 0, end);
		rest = span_slice(rest, end + 1, rest.n);
	}
	for (uint32_t i = 0; i < SPANS; i++) {
		const uint32_t a = size > 2 * i ? data[2 * i] : i;
		const uint32_t b = size > 2 * i + 1 ? data[size - 1 - i] : 3;

		in->spans[i] = (struct match_span){(enum item_field)(i % ITEM_FIELDS), a, a + b};
	}
	in->match = (struct match){.rule = in->part[4],
		.version = SPAN("v1"),
		.kind = SPAN("brand"),
		.brand = in->part[5],
		.weight = 1,
		.spans = in->spans,
		.n_spans = SPANS};
	in->hit = (struct hit){.fetched = {1795206370344},
		.source = in->part[6],
		.source_kind = SPAN("feed"),
		.item = item_empty(),
		.matches = &in->match,
		.n_matches = 1,
		.score = 1};
	in->hit.item.title = in->part[0];
	in->hit.item.text = in->part[1];
	in->hit.item.author.name = in->part[2];
	in->hit.item.url = in->part[3];
	in->hit.item.feed.title = in->part[7];
}

/* No string of the JSON begins one of these; "<" never stands but in a link of our own. */
static void check_slack_text(struct span s)
{
	static const char *const never[] = {"<!", "<@", "<#", "\r", "\xE2\x80\xAE"};

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		must(!holds(s, never[i]));
	must(utf8_length(s) <= 3000);
	for (size_t i = 0; i < s.n; i++) {
		const struct span rest = span_slice(s, i, s.n);

		if (s.p[i] == '<')
			must(span_starts(rest, SPAN("<http")) || span_starts(rest, SPAN("<HTTP")) ||
				span_eq_ci(span_slice(rest, 0, 5), SPAN("<http")));
		if (s.p[i] == '&')
			must(span_starts(rest, SPAN("&amp;")) || span_starts(rest, SPAN("&lt;")) ||
				span_starts(rest, SPAN("&gt;")));
	}
}

static void check_slack(json_t *body)
{
	json_t *block, *element, *blocks = json_object_get(body, "blocks");
	size_t i, k;
	char *dump = json_dumps(blocks, JSON_COMPACT);

	must(dump && utf8_length(span_str(dump)) <= 12000);
	free(dump);
	must(json_array_size(blocks) >= 3 && json_array_size(blocks) <= 50);
	check_slack_text(span_str(json_string_value(json_object_get(body, "text"))));
	json_array_foreach (blocks, i, block) {
		json_t *text = json_object_get(block, "text");

		if (text && i > 0)
			check_slack_text(span_str(json_string_value(json_object_get(text, "text"))));
		if (i == 0)
			must(utf8_length(span_str(json_string_value(
				     json_object_get(text, "text")))) <= 150);
		json_array_foreach (json_object_get(block, "elements"), k, element)
			if (json_is_string(json_object_get(element, "text")))
				check_slack_text(span_str(
					json_string_value(json_object_get(element, "text"))));
	}
}

static void check_mail(struct span mail)
{
	bool in_header = true;
	int from = 0, to = 0, subject = 0;

	must(span_ends(mail, SPAN("\r\n")));
	for (size_t i = 0; i < mail.n;) {
		const char *stop = memmem(mail.p + i, mail.n - i, "\r\n", 2);
		struct span line;

		must(stop != NULL);
		line = span_of(mail.p + i, (size_t)(stop - mail.p) - i);
		must(line.n <= 998 && (in_header || line.n <= 76));
		for (size_t k = 0; k < line.n; k++)
			must((line.p[k] >= ' ' && line.p[k] < 0x7F) || line.p[k] == '\t');
		if (in_header) {
			must(!span_eq_ci(span_slice(line, 0, 4), SPAN("bcc:")));
			must(!span_eq_ci(span_slice(line, 0, 3), SPAN("cc:")));
			from += span_starts(line, SPAN("From:"));
			to += span_starts(line, SPAN("To:"));
			subject += span_starts(line, SPAN("Subject:"));
		}
		in_header = in_header && line.n;
		i = (size_t)(stop + 2 - mail.p);
	}
	must(from == 1 && to == 1 && subject == 1);
}

static void check(const struct channel *channel, const struct payload *payload)
{
	json_t *body;
	json_error_t error;

	for (size_t i = 0; i < payload->request.n_headers; i++)
		must(span_find(payload->request.headers[i].value, '\n') ==
			payload->request.headers[i].value.n);
	if (payload->kind == PAYLOAD_MAIL) {
		check_mail(payload->request.body);
		return;
	}
	body = json_loadb(payload->request.body.p, payload->request.body.n, 0, &error);
	must(body != NULL);
	must(payload->request.body.n < 40000);
	if (span_eq_str(span_str(channel->name), "webhook"))
		must(payload->request.body.n < 20 * 1024);
	if (span_eq_str(span_str(channel->name), "slack"))
		check_slack(body);
	json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct receiver_field fields[] = {
		{{"url", 3}, {"https://in.example/x", 20}},
		{{"secret", 6}, {"s3cr3t", 6}},
		{{"to", 2}, {"a@example.org", 13}},
	};
	struct input in = {0};
	const struct hit *const hits[] = {&in.hit, &in.hit, &in.hit};

	input_read(&in, data, size);
	for (size_t c = 0; channels[c]; c++) {
		for (size_t n = 1; n <= 3; n += 2) {
			const struct receiver receiver = {.id = SPAN("x"),
				.lang = n == 1 ? SPAN("fr") : SPAN("en"),
				.channel = channels[c],
				.fields = fields,
				.n_fields = sizeof(fields) / sizeof(*fields)};
			const struct alert alert = {.id = SPAN("4k2p9x7a1b3c5d7e"),
				.group = in.part[4],
				.created = {1795206370344},
				.hits = hits,
				.n_hits = n,
				.n_more = n / 2};
			const struct render_context context = {.now = {1795206370344},
				.public_url = SPAN("https://vigie.example"),
				.host = SPAN("vigie.example"),
				.version = SPAN("0")};
			struct payload payload;
			struct span why;

			must(channels[c]->render(&payload, &receiver, &alert, &context, &in.arena,
				     &why) == 0);
			check(channels[c], &payload);
		}
	}
	arena_release(&in.arena);
	return 0;
}
