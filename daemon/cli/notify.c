#include "cli/commands.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config/path.h"
#include "cli/mentions.h"
#include "config/config.h"
#include "delivering.h"
#include "io/loop.h"
#include "vigie/mask.h"
#include "vigie/version.h"

/*
 * notify: one real message to one receiver, of a mention that is made up, outside of the queue
 * and of the ledger: nothing of it is kept and nothing is tried again. What is printed has gone
 * over the wire but for the secrets.
 */

struct trial {
	const char *path, *id;
	bool json;
	struct arena arena;
	const struct receiver *receiver;
	struct mask mask;
	struct payload payload;
	struct loop *loop;
	struct mono began;
	int64_t took_ms;
	/* what came of it, in the arena */
	int status;
	struct span answer; /* body */
	enum verdict verdict;
	struct span why;
	bool failed; /* memory */
};

/* Indexed by enum verdict. */
static const char *const verdicts[] = {
	"delivered", "would be tried again", "would go to the dead letters", "receiver gone"};
static const char *const verdict_names[] = {"delivered", "retry", "dead", "gone"};

static int options_read(struct trial *t, int argc, char **argv)
{
	int words = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
			t->path = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			t->json = true;
		else if (argv[i][0] == '-' || words == 2 ||
			 (!words && strcmp(argv[i], "test") != 0))
			return command_usage(argv[0]);
		else if (words++)
			t->id = argv[i];
	}
	if (!t->id)
		return command_usage(argv[0]);
	if (!t->path)
		t->path = config_path_default();
	if (t->path)
		return EXIT_DONE;
	(void)fputs(
		"vigie: no configuration: write ./vigie.yaml or name one with -c\n", stderr);
	return EXIT_USAGE;
}

/* --- The mention
 * ------------------------------------------------------------------------------ */

static const struct sample {
	const char *lang, *title, *text;
} samples[] = {
	{"en", "A test of vigie: this mention is made up",
		"Somebody ran \"vigie notify test\" to see whether this receiver works. If you "
		"read "
		"this, it does, and there is nothing to do."},
	{"fr", "Un essai de vigie : cette mention est inventée",
		"Quelqu’un a lancé « vigie notify test » pour savoir si ce destinataire "
		"fonctionne. Si "
		"vous lisez ceci, il fonctionne, et il n’y a rien à faire."},
};

/* Where `word` stands in a text that holds it. */
static struct match_span span_in(enum item_field field, const char *text, const char *word)
{
	const uint32_t at = (uint32_t)(strstr(text, word) - text);

	return (struct match_span){field, at, at + (uint32_t)strlen(word)};
}

/* Renders it; 0, -EINVAL with *ret_why, -ENOMEM. */
static int render(struct trial *t, const struct config *config, struct span *ret_why)
{
	const struct receiver *receiver = t->receiver;
	const struct sample *sample = &samples[span_eq_str(receiver->lang, samples[1].lang)];
	const struct match_span spans[] = {span_in(FIELD_TITLE, sample->title, "vigie"),
		span_in(FIELD_TEXT, sample->text, "vigie")};
	const struct match match = {.rule = SPAN("test"),
		.version = SPAN("0000000000000000"),
		.kind = SPAN("topic"),
		.weight = 1,
		.spans = spans,
		.n_spans = 2};
	const struct wall now = loop_wall(t->loop);
	struct hit hit = {.fetched = now,
		.source = SPAN("test"),
		.source_kind = SPAN("feed"),
		.item = item_empty(),
		.matches = &match,
		.n_matches = 1,
		.score = 1};
	const struct hit *const hits[] = {&hit};
	char key[ITEM_KEY_TEXT + 1], host[HOST_NAME_MAX + 1] = "";
	struct alert alert = {
		.route = SPAN("vigie notify test"), .created = now, .hits = hits, .n_hits = 1};
	struct render_context context = {.now = now,
		.public_url = config->http.public_url,
		.version = SPAN(VIGIE_VERSION)};

	/* Another message each time: platforms know repeated ones by their id. */
	if (getrandom(hit.key.b, sizeof(hit.key.b), 0) != sizeof(hit.key.b))
		return -EIO;
	alert.id =
		arena_dup(&t->arena, span_slice(span_str(item_key_text(key, &hit.key)), 0, 26));
	alert.group = arena_printf(&t->arena, "mention=%s", key);
	(void)gethostname(host, sizeof(host) - 1);
	context.host = arena_dup(&t->arena, span_str(host));
	if (!alert.id.p || !alert.group.p || !context.host.p)
		return -ENOMEM;
	hit.item.id = alert.id;
	hit.item.url = SPAN("https://example.org/vigie-notify-test");
	hit.item.title = span_str(sample->title);
	hit.item.text = span_str(sample->text);
	hit.item.lang = span_str(sample->lang);
	hit.item.author.name = SPAN("vigie");
	hit.item.published = now;
	return receiver->channel->render(
		&t->payload, receiver, &alert, &context, &t->arena, ret_why);
}

/* --- Sending
 * ------------------------------------------------------------------------------------ */

static struct span masked(struct trial *t, struct span text)
{
	const struct span clean = mask_text(&t->mask, &t->arena, text);

	t->failed = t->failed || !clean.p;
	return clean;
}

static void on_sent(void *arg, const struct transfer_sent *sent)
{
	struct trial *t = arg;
	struct span why = sent->why;

	t->took_ms = loop_now(t->loop).ms - t->began.ms;
	t->status = sent->answer.status;
	t->answer = masked(t, sent->answer.body);
	t->verdict = sent->error == TRANSFER_OK
			     ? t->receiver->channel->judge(&sent->answer, &t->arena, &why)
			     : VERDICT_RETRY;
	if (t->verdict == VERDICT_DELIVERED && sent->n_refused) {
		t->verdict = VERDICT_DEAD;
		why = SPAN("recipients were refused:");
		for (size_t i = 0; i < sent->n_refused; i++)
			why = arena_printf(&t->arena, "%.*s %.*s", SPAN_ARG(why),
				SPAN_ARG(sent->refused[i]));
	}
	t->why = masked(t, why);
	loop_stop(t->loop);
}

/* 0; -EINVAL when it can't be sent as it is, with *ret_why; or another -errno. */
static int send(struct trial *t, const struct config *config, struct span *ret_why)
{
	const struct transfer_options options = delivering_options(config);
	struct transfer_handle *handle;
	struct transfer *transfer = NULL;
	int r = loop_new(&t->loop);

	if (r == 0)
		r = mask_make(&t->mask, &t->arena, t->receiver);
	if (r == 0)
		r = transfer_new(&transfer, t->loop, &options);
	if (r == 0)
		r = render(t, config, ret_why);
	if (r == 0) {
		t->began = loop_now(t->loop);
		t->payload.total_ms = t->receiver->timeout_ms;
		r = transfer_send(&handle, transfer, &t->payload, on_sent, t);
		if (r == -EINVAL)
			*ret_why = SPAN("the request can't be sent as it is: look for control "
					"characters in the receiver's configuration");
	}
	if (r == 0)
		r = loop_run(t->loop);
	transfer_free(transfer);
	t->loop = loop_free(t->loop);
	return r;
}

/* --- Showing
 * ------------------------------------------------------------------------------------ */

static struct span method_of(const struct payload *p)
{
	return span_empty(p->request.method) ? SPAN("POST") : p->request.method;
}

static void write_mail(struct trial *t, struct buf *out)
{
	const struct payload *p = &t->payload;

	buf_addf(out, "%.*s (%s)\n", SPAN_ARG(masked(t, p->request.url)),
		p->tls_required ? "TLS required" : "TLS where the server offers it");
	if (!span_empty(p->user))
		buf_addf(out, "AUTH %.*s ****\n", SPAN_ARG(p->user));
	buf_addf(out, "MAIL FROM:<%.*s>\n", SPAN_ARG(p->mail_from));
	for (size_t i = 0; i < p->n_mail_to; i++)
		buf_addf(out, "RCPT TO:<%.*s>\n", SPAN_ARG(p->mail_to[i]));
}

static void write_people(struct trial *t, struct buf *out)
{
	const struct payload *p = &t->payload;
	const struct request *request = &p->request;

	if (p->kind == PAYLOAD_MAIL) {
		write_mail(t, out);
	} else {
		buf_addf(out, "%.*s %.*s\n", SPAN_ARG(method_of(p)),
			SPAN_ARG(masked(t, request->url)));
		for (size_t i = 0; i < request->n_headers; i++)
			buf_addf(out, "%.*s: %.*s\n", SPAN_ARG(request->headers[i].name),
				SPAN_ARG(masked(t, request->headers[i].value)));
	}
	buf_add_char(out, '\n');
	for (struct span body = masked(t, request->body); body.n;) {
		const size_t end = span_find(body, '\n');
		struct span line = span_slice(body, 0, end);

		if (span_ends(line, SPAN("\r")))
			line.n--;
		buf_add(out, line);
		buf_add_char(out, '\n');
		body = span_slice(body, end + 1, body.n);
	}
	buf_addf(out, "\nAnswer after %lld ms: ", (long long)t->took_ms);
	if (t->status)
		buf_addf(out, "%d\n%.*s\n\n", t->status, SPAN_ARG(span_trim(t->answer)));
	else
		buf_add_str(out, "none\n\n");
	buf_addf(out, "%s (%s): %s", t->id, t->receiver->channel->title, verdicts[t->verdict]);
	buf_addf(out, "%s%.*s\n", span_empty(t->why) ? "" : ": ", SPAN_ARG(t->why));
}

static json_t *string(struct span s)
{
	json_t *value = json_stringn(s.p ? s.p : "", s.n);

	return value ? value : json_string("(not UTF-8)");
}

static void write_json(struct trial *t, struct buf *out)
{
	const struct payload *p = &t->payload;
	json_t *headers = json_array(), *to = json_array(), *root;
	char *text;

	for (size_t i = 0; i < p->request.n_headers; i++)
		(void)json_array_append_new(
			headers, json_pack("[o, o]", string(p->request.headers[i].name),
					 string(masked(t, p->request.headers[i].value))));
	for (size_t i = 0; p->kind == PAYLOAD_MAIL && i < p->n_mail_to; i++)
		(void)json_array_append_new(to, string(p->mail_to[i]));
	root = json_pack("{s:s, s:s, s:{s:o, s:o, s:o, s:o, s:o}, s:{s:i, s:o, s:I}, s:s, s:o}",
		"receiver", t->id, "channel", t->receiver->channel->name, "sent", "method",
		p->kind == PAYLOAD_MAIL ? json_null() : string(method_of(p)), "url",
		string(masked(t, p->request.url)), "headers", headers, "to", to, "body",
		string(masked(t, p->request.body)), "answer", "status", t->status, "body",
		string(t->answer), "took_ms", (json_int_t)t->took_ms, "verdict",
		verdict_names[t->verdict], "why", string(t->why));
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	if (text)
		buf_addf(out, "%s\n", text);
	t->failed = t->failed || !text;
	free(text);
	json_decref(root);
}

static int show(struct trial *t)
{
	struct buf out = {0};
	bool written;

	if (t->json)
		write_json(t, &out);
	else
		write_people(t, &out);
	written = !t->failed && !out.failed && mentions_write(buf_span(&out));
	buf_deinit(&out);
	if (!written)
		(void)fputs("vigie: the message was sent, but can't be shown\n", stderr);
	return mentions_finish(
		t->verdict == VERDICT_DELIVERED && written ? EXIT_DONE : EXIT_FAILED);
}

/* --- The command
 * ---------------------------------------------------------------------------------- */

static const struct receiver *find(const struct config *config, const char *id)
{
	const struct policy *p = &config->policy;

	for (size_t i = 0; i < p->n_receivers; i++)
		if (span_eq_str(p->receivers[i].id, id))
			return &p->receivers[i];
	(void)fprintf(stderr, "vigie: no receiver \"%s\"", id);
	for (size_t i = 0; i < p->n_receivers; i++)
		(void)fprintf(stderr, "%s%.*s", i ? ", " : ": there are ",
			SPAN_ARG(p->receivers[i].id));
	(void)fputc('\n', stderr);
	return NULL;
}

int command_notify(int argc, char **argv)
{
	struct trial t = {0};
	struct err_list errors = {0};
	struct config *config = NULL;
	struct span why = SPAN_NONE;
	int status = options_read(&t, argc, argv), r;

	if (status != EXIT_DONE)
		return status;
	r = config_load(&config, t.path, NULL, &errors);
	err_list_print(&errors, stderr);
	err_list_deinit(&errors);
	if (r < 0)
		return r == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	t.receiver = find(config, t.id);
	status = EXIT_USAGE;
	if (t.receiver) {
		r = send(&t, config, &why);
		if (r < 0)
			(void)fprintf(stderr, "vigie: %.*s\n",
				SPAN_ARG(r == -EINVAL && why.n ? masked(&t, why)
							       : span_str(strerror(-r))));
		status = r < 0 ? EXIT_FAILED : show(&t);
	}
	arena_release(&t.arena);
	(void)config_unref(config);
	return status;
}
