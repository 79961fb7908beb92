/*
 * channels: arbitrary text through every channel. What comes out keeps the platform's limits
 * and holds none of the sequences that would make a stranger's text more than text.
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

		in->spans[i] =
			(struct match_span){(enum item_field)(i % ITEM_FIELDS), a, a + b};
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
			must(span_starts(rest, SPAN("<http")));
		if (s.p[i] == '&')
			must(span_starts(rest, SPAN("&amp;")) ||
				span_starts(rest, SPAN("&lt;")) ||
				span_starts(rest, SPAN("&gt;")));
	}
}

static void check_slack(json_t *body, struct span bytes)
{
	json_t *block, *element, *blocks = json_object_get(body, "blocks");
	size_t i, k;
	char *dump = json_dumps(blocks, JSON_COMPACT);

	(void)bytes;
	must(dump && utf8_length(span_str(dump)) <= 12000);
	free(dump);
	must(json_array_size(blocks) >= 3 && json_array_size(blocks) <= 50);
	check_slack_text(span_str(json_string_value(json_object_get(body, "text"))));
	json_array_foreach (blocks, i, block) {
		json_t *text = json_object_get(block, "text");

		if (text && i > 0)
			check_slack_text(
				span_str(json_string_value(json_object_get(text, "text"))));
		if (i == 0)
			must(utf8_length(span_str(
				     json_string_value(json_object_get(text, "text")))) <= 150);
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

/* "a.0.b" of the body as a text; empty when it is not there. */
static struct span text_at(json_t *value, const char *path)
{
	char key[64];

	while (*path && value) {
		const size_t n = strcspn(path, ".");

		memcpy(key, path, n);
		key[n] = '\0';
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key))
					     : json_object_get(value, key);
		path += n + (path[n] == '.');
	}
	return span_str(json_string_value(value));
}

/* Nobody is mentioned: behind each "@" stands U+200B. */
static void check_no_mention(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '@')
			must(span_starts(span_slice(s, i + 1, s.n), SPAN("\u200B")));
}

/* Each "<" begins a tag of ours, and each that opens is closed. */
static void check_tags(struct span s, const char *const *tags)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		const struct span rest = span_slice(s, i, s.n);
		bool known = false;

		if (s.p[i] != '<')
			continue;
		for (const char *const *tag = tags; *tag; tag++)
			known = known || span_starts(rest, span_str(*tag));
		must(known);
		if (!span_starts(rest, SPAN("<br>")))
			depth += rest.p[1] == '/' ? -1 : 1;
		must(depth >= 0);
	}
	must(depth == 0);
}

static const char *const telegram_tags[] = {"<b>", "</b>", "<i>", "</i>", "<a href=\"http",
	"<a href=\"HTTP", "<a href=\"Http", "</a>", NULL};
static const char *const matrix_tags[] = {
	"<strong>", "</strong>", "<em>", "</em>", "<a href=\"http", "</a>", "<br>", NULL};

static void check_discord(json_t *body, struct span bytes)
{
	json_t *embeds = json_object_get(body, "embeds"), *e;
	size_t i, all = 0;

	(void)bytes;
	must(json_array_size(
		     json_object_get(json_object_get(body, "allowed_mentions"), "parse")) == 0);
	must(text_units(text_at(body, "content"), TEXT_UTF16) <= 2000);
	check_no_mention(text_at(body, "content"));
	must(json_array_size(embeds) >= 1 && json_array_size(embeds) <= 10);
	json_array_foreach (embeds, i, e) {
		const struct span title = text_at(e, "title"),
				  description = text_at(e, "description");

		must(title.n && text_units(title, TEXT_UTF16) <= 256);
		must(text_units(description, TEXT_UTF16) <= 4096);
		must(text_units(text_at(e, "author.name"), TEXT_UTF16) <= 256);
		must(text_units(text_at(e, "footer.text"), TEXT_UTF16) <= 2048);
		check_no_mention(title);
		check_no_mention(description);
		all += text_units(title, TEXT_UTF16) + text_units(description, TEXT_UTF16) +
		       text_units(text_at(e, "author.name"), TEXT_UTF16) +
		       text_units(text_at(e, "footer.text"), TEXT_UTF16);
	}
	must(all <= 6000);
}

static void check_mattermost(json_t *body, struct span bytes)
{
	static const char *const paths[] = {"text", "attachments.0.title", "attachments.0.text",
		"attachments.0.fallback", "attachments.0.footer"};

	must(utf8_length(bytes) <= 16383);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		check_no_mention(text_at(body, paths[i]));
		must(!holds(text_at(body, paths[i]), "<!"));
	}
}

static void check_telegram(json_t *body, struct span bytes)
{
	(void)bytes;
	must(text_units(text_at(body, "text"), TEXT_UTF16) <= 4096);
	check_tags(text_at(body, "text"), telegram_tags);
}

static void check_matrix(json_t *body, struct span bytes)
{
	must(bytes.n < 64000);
	check_tags(text_at(body, "formatted_body"), matrix_tags);
}

static void check_googlechat(json_t *body, struct span bytes)
{
	must(bytes.n <= 32000);
	must(!holds(text_at(body, "text"), "<"));
}

static void check_teams(json_t *body, struct span bytes)
{
	(void)body;
	must(bytes.n <= 28 * 1024);
}

static void check_ntfy(json_t *body, struct span bytes)
{
	(void)bytes;
	must(text_at(body, "message").n <= 4096 && text_at(body, "title").n <= 250);
}

static void check_pagerduty(json_t *body, struct span bytes)
{
	must(bytes.n <= 512 * 1024);
	must(text_units(text_at(body, "payload.summary"), TEXT_UTF16) <= 1024);
	must(text_at(body, "dedup_key").n <= 255);
}

static void check_webhook(json_t *body, struct span bytes)
{
	(void)body;
	must(bytes.n < 20 * 1024);
}

static const struct {
	const char *channel;
	void (*check)(json_t *body, struct span bytes);
} checks[] = {
	{"slack", check_slack},
	{"webhook", check_webhook},
	{"teams", check_teams},
	{"discord", check_discord},
	{"mattermost", check_mattermost},
	{"googlechat", check_googlechat},
	{"telegram", check_telegram},
	{"matrix", check_matrix},
	{"ntfy", check_ntfy},
	{"pagerduty", check_pagerduty},
};

static void check(const struct channel *channel, const struct payload *payload)
{
	const struct request *request = &payload->request;
	json_t *body;

	for (size_t i = 0; i < request->n_headers; i++)
		must(span_find(request->headers[i].value, '\n') == request->headers[i].value.n);
	if (payload->kind == PAYLOAD_MAIL) {
		check_mail(request->body);
		return;
	}
	body = json_loadb(request->body.p, request->body.n, 0, NULL);
	must(body != NULL);
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		if (strcmp(channel->name, checks[i].channel) == 0)
			checks[i].check(body, request->body);
	json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct receiver_field fields[] = {
		{{"url", 3}, {"https://in.example/x", 20}},
		{{"secret", 6}, {"s3cr3t", 6}},
		{{"to", 2}, {"a@example.org", 13}},
		{{"token", 5}, {"t0ken", 5}},
		{{"channel", 7}, {"#news", 5}},
		{{"chat", 4}, {"-100123", 7}},
		{{"room", 4}, {"!a:example.org", 14}},
		{{"topic", 5}, {"news", 4}},
		{{"routing_key", 11}, {"0123456789abcdef", 16}},
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

			must(channels[c]->render(&payload, &receiver, &alert, &context,
				     &in.arena, &why) == 0);
			check(channels[c], &payload);
		}
	}
	arena_release(&in.arena);
	return 0;
}
