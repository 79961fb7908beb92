/* connector: a file, an answer, and what comes of it. */

#include "fixture.h"

#include "sources/connector.h"

static struct connector *connector_of(const char *text)
{
	struct err_list errors = {0};
	struct connector *c = NULL;

	if (connector_new(&c, span_str(text), "t.yaml", &errors) < 0)
		fail_msg("%d:%d: %s", errors.items[0].line, errors.items[0].column,
			errors.items[0].text);
	err_list_deinit(&errors);
	return c;
}

/* One line an answer: items as id:kind:parent, tombstones as -id, the next cursor as
 * >param=value. */
static void read_as(
	const char *file, const char *map, const char *body, size_t n, const char *want)
{
	static const struct expr_var vars[] = {{{"site", 4}, {"tea", 3}}};
	const struct connector_options options = {.vars = vars, .n_vars = 1};
	struct connector *c = connector_of(file);
	struct connector_result result;
	struct arena arena = {0};
	struct buf out = {0};

	assert_int_equal(
		connector_read_answer(&result, &arena, connector_map_find(c, span_str(map)),
			&options, span_of(body, n)),
		0);
	for (size_t i = 0; i < result.items.n; i++) {
		const struct item *item = &result.items.items[i];

		buf_addf(&out, "%s%.*s:%s:%.*s", out.n ? " " : "", SPAN_ARG(item->id),
			item_kind_names[item->kind], SPAN_ARG(item->parent));
		if (item->text.n)
			buf_addf(&out, ":%.*s", SPAN_ARG(item->text));
	}
	for (size_t i = 0; i < result.n_tombstones; i++)
		buf_addf(&out, " -%.*s", SPAN_ARG(result.tombstones[i]));
	if (result.next_param.n)
		buf_addf(&out, " >%.*s=%.*s", SPAN_ARG(result.next_param),
			SPAN_ARG(result.next_value));
	if (result.cut)
		buf_add_str(&out, " cut");
	assert_string_equal(buf_span(&out).p, want);
	buf_deinit(&out);
	arena_release(&arena);
	connector_free(c);
}

#define READ(file, map, body, want) read_as(file, map, body, strlen(body), want)

static const char board[] = "network: board\n"
			    "tier: 1\n"
			    "maps:\n"
			    "  list:\n"
			    "    items: /posts\n"
			    "    next:\n"
			    "      after: $/cursor | when($/more == true)\n"
			    "    fields: |\n"
			    "      # comments are allowed\n"
			    "      id = \"%site%:{/id}\"\n"
			    "      skip = /state | nullif('shown')\n"
			    "      deleted = 'y' | when(/gone == true)\n"
			    "      text = /body | html\n"
			    "      kind = 'comment' | when(/to ~ ^\\d) ?? 'post'\n"
			    "      parent = /to\n"
			    "  tree:\n"
			    "    items: .\n"
			    "    children: /replies\n"
			    "    fields: |\n"
			    "      id = /id\n"
			    "      parent = @/id ?? %site\n"
			    "  nested:\n"
			    "    parents: /threads\n"
			    "    items: /posts\n"
			    "    fields: |\n"
			    "      id = /id\n"
			    "      parent = @/id\n"
			    "  lines:\n"
			    "    frame: ndjson\n"
			    "    items: .\n"
			    "    fields: id = /id\n"
			    "  events:\n"
			    "    frame: sse\n"
			    "    items: .\n"
			    "    fields: |\n"
			    "      id = /data/id ?? /data | str\n"
			    "      skip = /event | nullif('message','delete')\n"
			    "      deleted = /event | nullif('message')\n"
			    "  page:\n"
			    "    format: html\n"
			    "    items: css(#list > div.post:not(.ad))[]\n"
			    "    next:\n"
			    "      page: css(a[rel~=next])/@href | re(/page=(\\d+)/,1)\n"
			    "    fields: |\n"
			    "      id = @data-id\n"
			    "      text = css(.body) | html\n"
			    "      parent = css(h3 + p a)/@href\n";

static void an_answer_becomes_items(void **state)
{
	(void)state;
	READ(board, "list",
		"{\"more\":true,\"cursor\":\"a+b\",\"posts\":["
		"{\"id\":9007199254740993,\"state\":\"shown\",\"body\":\"<p>Tea</p><p>now</"
		"p>\"},"
		"{\"id\":2,\"state\":\"hidden\"},{\"id\":3,\"gone\":true},"
		"{\"id\":4,\"to\":2,\"body\":\"\"},{\"body\":\"nobody\"}]}",
		"tea:9007199254740993:post::Tea\nnow tea:4:comment:2 -tea:3 >after=a+b");
	READ(board, "list", "{\"more\":false,\"cursor\":\"x\",\"posts\":[]}", "");
	READ(board, "list", "{\"posts\":{\"id\":1}}", "tea:1:post:");
	READ(board, "list", "null", "");
	READ(board, "list", "not JSON at all", "");
	READ(board, "list", "", "");
	READ(board, "tree",
		"[{\"id\":1,\"replies\":[{\"id\":2,\"replies\":[{\"id\":3}]},{\"id\":4}]},{"
		"\"id\":5}]",
		"1:post:tea 2:post:1 3:post:2 4:post:1 5:post:tea");
	READ(board, "nested",
		"{\"threads\":[{\"id\":\"a\",\"posts\":[{\"id\":1}]},{\"id\":\"b\"},"
		"{\"id\":\"c\",\"posts\":[{\"id\":2}]}]}",
		"1:post:a 2:post:c");
}

static void a_cut_answer_gives_its_whole_items(void **state)
{
	(void)state;
	READ(board, "list", "{\"posts\":[{\"id\":1,\"body\":\"a\"},{\"id\":2,\"body\":\"b",
		"tea:1:post::a cut");
}

static void a_page_in_place_of_json_is_no_answer(void **state)
{
	static const struct {
		const char *map, *body;
		bool readable;
	} rows[] = {
		{"list", "<html>Please log in", false},
		{"list", " Bad gateway", false},
		{"list", "\xEF\xBB\xBF {\"posts\":[]}", true},
		{"list", "{\"posts\":[", true},
		{"list", "null", true},
		{"list", "-1", true},
		{"list", " \n", true},
		{"lines", "noise", true},
		{"page", "<html>", true},
	};
	struct connector *c = connector_of(board);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (connector_is_readable(connector_map_find(c, span_str(rows[i].map)),
			    span_str(rows[i].body)) != rows[i].readable)
			fail_msg("%s: %s", rows[i].map, rows[i].body);
	connector_free(c);
}

static void streams_come_in_frames(void **state)
{
	(void)state;
	READ(board, "lines", "{\"id\":1}\r\n\r\n{\"id\":2}\nnoise\n{\"id\":3}",
		"1:post: 2:post: 3:post:");
	READ(board, "events",
		":hello\n\ndata: {\"id\":\ndata: 1}\n\nevent: other\ndata: {\"id\":2}\n\n"
		"event: delete\r\ndata: 116100000000000002\r\n\r\nevent: ping\n\ndata: "
		"undefined\n\n"
		"data: {\"id\":9}",
		"1:post: undefined:post: -116100000000000002");
}

static void pages_are_read_by_selectors(void **state)
{
	(void)state;
	READ(board, "page",
		"<!DOCTYPE html><body><div id=list><div class='post first' "
		"data-id=p1><h3>x</h3>"
		"<p><a href='/t/1'>t</a></p><div class=body>One &lt;b&gt;<br>two</div></div>"
		"<div class='post ad' data-id=p2></div><section><div class=post "
		"data-id=p3></div>"
		"</section><div class=post data-id=p4></div></div>"
		"<a rel='nofollow next' href='?page=2&x'>more</a>",
		"p1:post:/t/1:One <b>\ntwo p4:post: >page=2");
}

static void a_broken_file_says_all_that_is_wrong(void **state)
{
	static const char text[] = "network: x\n"
				   "teir: 1\n"
				   "maps:\n"
				   "  m:\n"
				   "    items: /x |\n"
				   "    fields: |\n"
				   "      id = /a | lowr\n"
				   "      titel = /b\n"
				   "errors:\n"
				   "  - when: /status = 3\n"
				   "    is: forbiden\n";
	static const struct {
		int line, column;
		const char *says;
	} want[] = {
		{2, 1, "unknown key \"teir\": did you mean \"tier\"?"},
		{5, 16, "unknown filter \"\""},
		{7, 17, "unknown filter \"lowr\": did you mean \"lower\"?"},
		{8, 7, "unknown field \"titel\": did you mean \"title\"?"},
		{10, 19, "a comparison is missing here"},
		{11, 9, "\"forbiden\" is not known here: write forbidden"},
	};
	struct err_list errors = {0};
	struct connector *c = NULL;

	(void)state;
	assert_int_equal(connector_new(&c, span_str(text), "t.yaml", &errors), -EINVAL);
	assert_int_equal(errors.n, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < errors.n; i++)
		if (errors.items[i].line != want[i].line ||
			errors.items[i].column != want[i].column ||
			!strstr(errors.items[i].text, want[i].says))
			fail_msg("%d:%d: %s", errors.items[i].line, errors.items[i].column,
				errors.items[i].text);
	err_list_deinit(&errors);
}

static void refusals_have_a_class_and_a_wait(void **state)
{
	static const char file[] =
		"network: n\n"
		"tier: 0\n"
		"detour: none\n"
		"errors:\n"
		"  - when: /body/ok == false && /body/why ~ ^slow\n"
		"    is: rate_limited\n"
		"    wait: /body/text | re(/in (\\d+) s/,1)\n"
		"  - when: /body/why == no_page\n"
		"    is: end_of_pages\n"
		"  - when: /body ~ ^Your query\n"
		"    is: bad_request\n"
		"  - when: /headers/x-usage ~ .\n"
		"    is: rate_limited\n"
		"    wait: /headers/x-usage | json | get(/*/*/minutes) | first | times(60)\n";
	static const struct {
		int status;
		const char *header, *value, *body;
		enum connector_error error;
		int64_t wait;
	} rows[] = {
		{200, "", "", "{}", CONNECTOR_OK, -1},
		{200, "", "", "Your query was odd", CONNECTOR_BAD_REQUEST, -1},
		{200, "", "", "{\"ok\":false,\"why\":\"slow\",\"text\":\"in 90 s\"}",
			CONNECTOR_RATE_LIMITED, 90},
		{400, "", "", "{\"why\":\"no_page\"}", CONNECTOR_END_OF_PAGES, -1},
		{400, "Retry-After", "9", "{}", CONNECTOR_BAD_REQUEST, -1},
		{401, "", "", "", CONNECTOR_AUTH, -1},
		{402, "", "", "", CONNECTOR_QUOTA_EXHAUSTED, -1},
		{403, "X-RateLimit-Reset", "300", "", CONNECTOR_FORBIDDEN, -1},
		{403, "retry-after", "60", "", CONNECTOR_RATE_LIMITED, 60},
		{403, "x-ratelimit-remaining", "0", "", CONNECTOR_RATE_LIMITED, -1},
		{404, "", "", "", CONNECTOR_GONE, -1},
		{409, "", "", "", CONNECTOR_CONFLICT, -1},
		{410, "", "", "", CONNECTOR_GONE, -1},
		{429, "", "", "<html>slow down", CONNECTOR_RATE_LIMITED, -1},
		{429, "Retry-After", "Mon, 02 Mar 2026 08:17:00 GMT", "",
			CONNECTOR_RATE_LIMITED, 120},
		{429, "Retry-After", "1772439330", "", CONNECTOR_RATE_LIMITED, 30},
		{429, "X-RateLimit-Reset", "1772439364.57", "", CONNECTOR_RATE_LIMITED, 65},
		{429, "X-RateLimit-Reset", "2026-03-02T08:20:00.000Z", "",
			CONNECTOR_RATE_LIMITED, 300},
		{429, "x-ratelimit-reset", "37", "", CONNECTOR_RATE_LIMITED, 37},
		{429, "x-rate-limit-reset", "1772430000", "", CONNECTOR_RATE_LIMITED, 0},
		{403, "X-Usage", "{\"1\":[{\"minutes\":12}]}", "", CONNECTOR_RATE_LIMITED, 720},
		{500, "", "", "", CONNECTOR_UNAVAILABLE, -1},
		{503, "Retry-After", "5", "", CONNECTOR_RATE_LIMITED, 5},
	};
	struct connector *c = connector_of(file);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct header headers[] = {
			{SPAN("Date"), SPAN("Mon, 02 Mar 2026 08:15:00 GMT")},
			{span_str(rows[i].header), span_str(rows[i].value)}};
		const struct connector_answer answer = {
			.status = rows[i].status,
			.headers = headers,
			.n_headers = *rows[i].header ? 2 : 1,
			.body = span_str(rows[i].body),
		};
		struct connector_refusal got;

		assert_int_equal(connector_judge(&got, c, &answer), 0);
		if (got.error != rows[i].error || got.retry_after_s != rows[i].wait)
			fail_msg("%d %s: %s: %s, %lld s", rows[i].status, rows[i].header,
				rows[i].value, connector_error_names[got.error],
				(long long)got.retry_after_s);
	}
	connector_free(c);
}

static const char asking[] = "network: n\n"
			     "tier: 1\n"
			     "asks:\n"
			     "  search:\n"
			     "    pages_from: 1\n"
			     "    max_pages: 3\n"
			     "    request: |\n"
			     "      path = \"/v1/{%tag | urlencode}\"\n"
			     "      query.q = %words\n"
			     "      query.since = %since\n"
			     "      query.page[n] = %page\n"
			     "      header.Authorization = \"Bearer {%token}\"\n"
			     "      header.Accept = 'application/json'\n"
			     "  follow:\n"
			     "    max_pages: 9\n"
			     "    request: |\n"
			     "      path = '/list?x=1'\n"
			     "      query.cursor = '*'\n"
			     "      body = \"\\{\\\"q\\\":\\\"{%words}\\\"}\"\n"
			     "maps:\n"
			     "  m: {items: ., fields: 'id = /id'}\n";

static void ask_as(const char *name, struct span token, const struct connector_cursor *cursor,
	const char *want)
{
	const struct expr_var vars[] = {{SPAN("words"), SPAN("tea & milk")},
		{SPAN("tag"), SPAN("a/b?c")}, {SPAN("token"), token}};
	struct connector *c = connector_of(asking);
	struct arena arena = {0};
	struct request request;
	struct buf out = {0};
	const int r = connector_request(&request, &arena, connector_ask_find(c, span_str(name)),
		SPAN("https://n.example/"), vars, 3, cursor);

	if (r == 0) {
		buf_add(&out, request.url);
		for (size_t i = 0; i < request.n_headers; i++)
			buf_addf(&out, " %.*s: %.*s", SPAN_ARG(request.headers[i].name),
				SPAN_ARG(request.headers[i].value));
		buf_addf(&out, "%s%.*s", request.body.n ? " " : "", SPAN_ARG(request.body));
	}
	assert_string_equal(r == 0 ? buf_span(&out).p : "-EINVAL", want);
	buf_deinit(&out);
	arena_release(&arena);
	connector_free(c);
}

static void a_request_is_made_of_what_is_known(void **state)
{
	static const struct {
		const char *name;
		struct span token;
		struct connector_cursor cursor;
		const char *want;
	} rows[] = {
		/* Everything is escaped; a field without a value is left out. */
		{"search", {0}, {0},
			"https://n.example/v1/a%2Fb%3Fc?q=tea%20%26%20milk&page%5Bn%5D=1 "
			"Accept: application/json"},
		{"search", {"t0k", 3}, {.pages = 2},
			"https://n.example/v1/a%2Fb%3Fc?q=tea%20%26%20milk&page%5Bn%5D=3 "
			"Authorization: Bearer t0k Accept: application/json"},
		/* A line end would begin another header. */
		{"search", {"t\r\nX: y", 7}, {0},
			"https://n.example/v1/a%2Fb%3Fc?q=tea%20%26%20milk&page%5Bn%5D=1 "
			"Accept: application/json"},
		{"follow", {0}, {0},
			"https://n.example/list?x=1&cursor=%2A {\"q\":\"tea & milk\"}"},
		{"follow", {0}, {1, {"cursor", 6}, {"a+/=", 4}},
			"https://n.example/list?x=1&cursor=a%2B%2F%3D {\"q\":\"tea & milk\"}"},
		/* A next page with an address of its own stays with the host. */
		{"follow", {0}, {1, {"url", 3}, {"https://n.example/list?p=2", 26}},
			"https://n.example/list?p=2 {\"q\":\"tea & milk\"}"},
		{"follow", {0}, {1, {"path", 4}, {"/list?p=2", 9}},
			"https://n.example/list?p=2 {\"q\":\"tea & milk\"}"},
		{"follow", {0}, {1, {"url", 3}, {"https://evil.example/", 21}}, "-EINVAL"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ask_as(rows[i].name, rows[i].token, &rows[i].cursor, rows[i].want);
}

static void pages_go_on_until_they_end(void **state)
{
	struct connector *c = connector_of(asking);
	const struct connector_ask *counted = connector_ask_find(c, SPAN("search"));
	const struct connector_ask *followed = connector_ask_find(c, SPAN("follow"));
	const struct connector_result some = {.items.n = 1}, none = {0};
	const struct connector_result more = {
		.items.n = 1, .next_param = SPAN("cursor"), .next_value = SPAN("same")};
	struct connector_cursor cursor = {0};

	(void)state;
	assert_true(connector_advance(&cursor, counted, &some));
	assert_true(connector_advance(&cursor, counted, &some));
	assert_false(connector_advance(&cursor, counted, &some)); /* max_pages */
	cursor = (struct connector_cursor){0};
	assert_false(connector_advance(&cursor, counted, &none));
	cursor = (struct connector_cursor){0};
	assert_false(connector_advance(&cursor, followed, &some)); /* no cursor */
	assert_true(connector_advance(&cursor, followed, &more));
	assert_true(connector_advance(&cursor, followed, &more)); /* one that stays the same */
	assert_int_equal(cursor.pages, 3);
	connector_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_becomes_items),
		cmocka_unit_test(a_cut_answer_gives_its_whole_items),
		cmocka_unit_test(a_page_in_place_of_json_is_no_answer),
		cmocka_unit_test(streams_come_in_frames),
		cmocka_unit_test(pages_are_read_by_selectors),
		cmocka_unit_test(a_broken_file_says_all_that_is_wrong),
		cmocka_unit_test(refusals_have_a_class_and_a_wait),
		cmocka_unit_test(a_request_is_made_of_what_is_known),
		cmocka_unit_test(pages_go_on_until_they_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
