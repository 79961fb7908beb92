#include "post-lab.h"

/* --- Set-up --------------------------------------------------------------------------------
 */

struct post_lab *lab_new(struct stand *s)
{
	char *argv[] = {(char *)PYTHON, (char *)ORIGIN, NULL};
	struct post_lab *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->s = s;
	d->time_scale = 1e6;
	peer_start(&d->origin, argv);
	assert_int_equal(transfer_new(&d->transfer, s->loop,
				 &(struct transfer_options){.total_ms = 20000}),
		0);
	(void)snprintf(d->path, sizeof(d->path), "%s/archive.sqlite", s->folder);
	stand_open(s);
	return d;
}

/* Receivers r0, r1 … of a kind, with one field; all of them get everything. */
void add_receiver(
	struct post_lab *d, const char *channel, struct receiver_field *fields, size_t n)
{
	struct receiver *r = &d->receivers[d->policy.n_receivers];

	*r = (struct receiver){.id = arena_printf(&d->arena, "r%zu", d->policy.n_receivers),
		.lang = SPAN("en"),
		.channel = channel_by_name(span_str(channel)),
		.fields = fields,
		.n_fields = n};
	d->everybody[d->policy.n_receivers] = (uint32_t)d->policy.n_receivers;
	d->policy.receivers = d->receivers;
	d->policy.n_receivers++;
	d->policy.root.receivers = d->everybody;
	d->policy.root.n_receivers = d->policy.n_receivers;
	d->policy.root.group_by[0] = ROUTE_MENTION;
	d->policy.root.n_group_by = 1;
}

struct receiver_field *field(struct post_lab *d, const char *name, struct span value)
{
	struct receiver_field *f = arena_calloc(&d->arena, 4, sizeof(*f));

	f[0] = (struct receiver_field){span_str(name), value};
	return f;
}

void add_hook(struct post_lab *d, const char *path)
{
	add_receiver(d, "webhook",
		field(d, "url",
			arena_printf(&d->arena, "http://127.0.0.1:%d%s",
				peer_port(&d->origin, "http"), path)),
		1);
}

void lab_open(struct post_lab *d)
{
	struct arena arena = {0};
	struct span why;

	assert_int_equal(archive_new(&d->archive, d->s->loop,
				 &(struct archive_options){.path = d->path}, &arena, &why),
		0);
	assert_int_equal(
		post_new(&d->post, d->s->loop, d->transfer, d->archive,
			&(struct post_options){.redis_url = redis_server_url(d->s->server),
				.prefix = SPAN("t:"),
				.host = SPAN("watch.example.org"),
				.time_scale = d->time_scale}),
		0);
	assert_int_equal(
		dispatch_new(&d->dispatch, d->s->loop, d->s->queue, d->archive, d->post), 0);
	assert_int_equal(post_set_policy(d->post, &d->policy, NULL, NULL, NULL), 0);
	assert_int_equal(dispatch_set_policy(d->dispatch, &d->policy, NULL, NULL, NULL), 0);
	arena_release(&arena);
}

/* As a kill does: what is on its way is not waited for. */
void lab_close(struct post_lab *d)
{
	d->archive = archive_free(d->archive);
	d->dispatch = dispatch_free(d->dispatch);
	d->post = post_free(d->post);
}

void lab_free(struct post_lab *d)
{
	lab_close(d);
	transfer_free(d->transfer);
	peer_stop(&d->origin);
	if (d->mailbox.pid)
		peer_stop(&d->mailbox);
	json_decref(d->answer);
	arena_release(&d->arena);
	free(d);
}

/* --- Asking --- */

static void on_fetched(void *arg, const struct transfer_result *result)
{
	struct post_lab *d = arg;

	json_decref(d->answer);
	d->answer = json_loadb(result->document.body.p ? result->document.body.p : "",
		result->document.body.n, JSON_DECODE_ANY, NULL);
	d->answers++;
}

/* To the origin's own pages. */
void ask_origin(struct post_lab *d, const char *method, const char *path, const char *body)
{
	struct arena arena = {0};
	const struct request request = {.method = span_str(method),
		.url = arena_printf(
			&arena, "http://127.0.0.1:%d%s", peer_port(&d->origin, "http"), path),
		.body = span_str(body)};
	const struct transfer_ask ask = {.request = &request};
	const int before = d->answers;
	struct transfer_handle *handle;

	assert_int_equal(transfer_start(&handle, d->transfer, &ask, on_fetched, d), 0);
	arena_release(&arena);
	UNTIL(d->s, d->answers > before);
}

void script(struct post_lab *d, const char *text)
{
	ask_origin(d, "PUT", "/-/script", text);
}

/* What arrived at a path so far; borrowed until the next question. */
json_t *arrived(struct post_lab *d, const char *path)
{
	json_t *all, *one, *here = json_array();
	size_t i;

	ask_origin(d, "GET", "/-/requests", NULL);
	all = d->answer;
	json_array_foreach (all, i, one)
		if (strcmp(json_string_value(json_object_get(one, "path")), path) == 0)
			(void)json_array_append(here, one);
	json_decref(d->answer);
	d->answer = here;
	return here;
}

const char *header_of(json_t *request, const char *name)
{
	const char *value =
		json_string_value(json_object_get(json_object_get(request, "headers"), name));

	return value ? value : "";
}

/* Titles of the mentions told, in order: "t 0 t 1 ". */
struct span titles(struct post_lab *d, json_t *requests)
{
	struct buf out = {0};
	json_t *one;
	struct span ret;
	size_t i;

	json_array_foreach (requests, i, one) {
		json_t *body =
			json_loads(json_string_value(json_object_get(one, "body")), 0, NULL);
		json_t *item = json_object_get(json_object_get(body, "data"), "item");
		const char *title = json_string_value(json_object_get(item, "title"));

		buf_addf(&out, "%s ", title ? title : "?");
		json_decref(body);
	}
	ret = arena_dup(&d->arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

static void on_control(void *arg, int status, struct span body)
{
	struct post_lab *d = arg;

	d->status = status;
	json_decref(d->answer);
	d->answer = json_loadb(body.p, body.n, 0, NULL);
	d->answers++;
}

json_t *control(struct post_lab *d, const char *method, const char *path)
{
	const int before = d->answers;

	post_control(d->post, span_str(method), span_str(path), on_control, d);
	UNTIL(d->s, d->answers > before);
	return d->answer;
}

/* Deliveries in a state; "" for all. */
size_t count(struct post_lab *d, const char *state)
{
	json_t *list, *one;
	size_t n = 0, i;

	list = json_object_get(control(d, "GET", ""), "deliveries");
	json_array_foreach (list, i, one)
		n += !*state ||
		     strcmp(json_string_value(json_object_get(one, "state")), state) == 0;
	return n;
}

void until_count(struct post_lab *d, const char *state, size_t n)
{
	for (int i = 0; i < 400 && count(d, state) != n; i++)
		stand_idle(d->s, 20);
	assert_int_equal(count(d, state), n);
}

void until_arrived(struct post_lab *d, const char *path, size_t n)
{
	for (int i = 0; i < 400 && json_array_size(arrived(d, path)) < n; i++)
		stand_idle(d->s, 20);
	assert_int_equal(json_array_size(d->answer), n);
}

static void on_outcome(void *arg, const struct span *outcomes, size_t n)
{
	struct post_lab *d = arg;

	assert_int_equal(n, 1);
	(void)snprintf(d->outcome, sizeof(d->outcome), "%.*s", SPAN_ARG(outcomes[0]));
	d->answers++;
}

/* What the ledger says of hit `first` of such a batch. */
const char *ledger(struct post_lab *d, const char *title, int first, const char *receiver)
{
	struct batch *b = stand_batch(d->s, "site", "e", title, first, 1, 1);
	const struct archive_outcome question = {.key = b->hits[0].key,
		.receiver = span_str(receiver),
		.at = WALL_NONE,
		.until = WALL_NONE};
	const int before = d->answers;

	archive_outcomes(d->archive, &question, 1, on_outcome, d);
	(void)batch_free(b);
	UNTIL(d->s, d->answers > before);
	return d->outcome;
}

/* Hits "title N" come through the queue; archived as the archive's own consumer would. */
void archive_hits(struct post_lab *d, const struct batch *b)
{
	for (size_t i = 0; i < b->n_hits; i++) {
		struct buf bytes = {0};
		struct span span;

		hit_encode(&bytes, &b->hits[i]);
		span = buf_span(&bytes);
		archive_put(d->archive, &span, 1, NULL, NULL);
		buf_deinit(&bytes);
	}
}

void publish(struct post_lab *d, const char *title, int first, int n)
{
	struct batch *b = stand_batch(d->s, "site", "e", title, first, n, 1);

	archive_hits(d, b);
	stand_take(d->s, b);
}
