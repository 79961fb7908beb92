/* expr: what each form of an expression gives, on one answer. */

#include "fixture.h"

#include "sources/expr.h"

static const char answer[] =
	"{\"id\":9007199254740993,\"name\":\"Ada\",\"empty\":\"\",\"none\":null,\"list\":[],"
	"\"tags\":[\"Tea\",\"\\u00c9t\\u00e9\",\"tea\"],\"by\":{\"id\":7,\"im:rating\":\"4\"},"
	"\"html\":\"<p>One &amp; two</p><script>x</script>three<br>four\","
	"\"note\":\"#Tea and #caf\\u00e9_au_lait, a#b &lt;3\",\"odd\":\"a\\|b \\ud83d!\","
	"\"yes\":true,\"no\":false,\"n\":12,\"half\":0.5,\"a/b\":{\"~\":\"slash\"},"
	"\"rows\":[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"v\":2,\"w\":[3,4]},{\"k\":\"x\"}],"
	"\"users\":[{\"id\":6,\"name\":\"Six\"},{\"id\":\"7\",\"name\":\"Seven\"}],"
	"\"included\":[{\"type\":\"tags\",\"id\":\"7\",\"attributes\":{\"name\":\"T\"}},"
	"{\"type\":\"users\",\"id\":\"7\",\"attributes\":{\"name\":\"U\"}}],"
	"\"langs\":{\"fr\":\"bonjour\"},\"text\":\"{\\\"a\\\":[1,2]}\"}";

static void add_value(struct buf *out, const struct tree *value, struct arena *arena)
{
	if (value && value->kind == TREE_LIST) {
		buf_add_char(out, '[');
		for (uint32_t i = 0; i < value->n; i++) {
			if (i)
				buf_add_char(out, ' ');
			add_value(out, &value->items[i], arena);
		}
		buf_add_char(out, ']');
	} else if (value && value->kind == TREE_OBJECT) {
		buf_addf(out, "{%u}", value->n);
	} else {
		buf_add(out, tree_text(value, arena));
	}
}

static void give(const char *expression, const char *want, struct span body, bool xml)
{
	static const struct expr_var vars[] = {{{"host", 4}, {"forum.example", 13}}};
	struct expr_set set = {0};
	struct err_list errors = {0};
	struct arena arena = {0};
	struct buf out = {0};
	struct expr_eval e;
	struct tree root;
	struct expr *x;

	if (expr_parse(&x, &set, span_str(expression), (struct expr_place){"t", 1, 1},
		    &errors) < 0)
		fail_msg("%s: %s", expression, errors.items[0].text);
	assert_int_equal(expr_eval_init(&e, &arena), 0);
	assert_int_equal((xml ? tree_xml : tree_json)(&root, &arena, body), 0);
	e.root = e.item = &root;
	e.vars = vars;
	e.n_vars = 1;
	add_value(&out, expr_value(&e, x), &arena);
	if (!span_eq_str(buf_span(&out), want))
		fail_msg("%s gives \"%s\", not \"%s\"", expression, buf_span(&out).p, want);
	buf_deinit(&out);
	expr_eval_deinit(&e);
	expr_set_deinit(&set);
	arena_release(&arena);
	err_list_deinit(&errors);
}

static void every_form_gives_its_value(void **state)
{
	static const struct {
		const char *expression, *want;
	} rows[] = {
		/* Paths. */
		{"/id", "9007199254740993"},
		{"/by/id", "7"},
		{"/by/im:rating", "4"},
		{"/tags/0", "Tea"},
		{"/tags/-1", "tea"},
		{"/tags/3", ""},
		{"/tags/-4", ""},
		{"/a~1b/~0", "slash"},
		{"/rows/*/k", "[x y x]"},
		{"/rows/*/w/*", "[3 4]"},
		{"/by/*", "[7 4]"},
		{"$/by/id", "7"},
		{"@/id", ""},
		{"/missing/deep", ""},
		{"/none", ""},
		{"/list", ""},
		{"/odd", "a|b \xEF\xBF\xBD!"},
		/* Alternatives: what is void gives way. */
		{"/none ?? /empty ?? /list ?? /name", "Ada"},
		{"/name | nullif('Ada') ?? /n", "12"},
		/* Constants, variables, templates. */
		{"'it''s'", "it's"},
		{"%host", "forum.example"},
		{"%port", ""},
		{"\"https://%host%/{/by/id}/{/name | lower}?100%\"",
			"https://forum.example/7/ada?100%"},
		{"\"a{/none}b\"", ""},
		{"\"{\"x{/n}\"}\"", "x12"},
		/* Text. */
		{"/html | html", "One & two\nthree\nfour"},
		{"/note | unescape | re(/<(\\d)$/,1)", "3"},
		{"/note | tags", "[tea caf\xC3\xA9_au_lait b]"},
		{"/tags | lower", "[tea \xC3\xA9t\xC3\xA9 tea]"},
		{"/name | sub(/^(.)(.*)$/,'\\2\\1')", "daA"},
		{"/name | sub(/x*/,'-')", "-A-d-a-"},
		{"/name | re(/z/)", ""},
		{"'a, b,,c' | split(',')", "[a b c]"},
		{"'##x' | ltrim('#')", "x"},
		{"'a%20b%2' | urldecode", "a b%2"},
		{"'a b&c' | urlencode", "a%20b%26c"},
		{"/text | json | get(/a/1)", "2"},
		/* Languages. */
		{"'fr-CA' | lang", "fr"},
		{"'PT_br' | lang", "pt"},
		{"'und' | lang", ""},
		{"'french' | lang", ""},
		{"/langs | langkey", "fr"},
		/* Numbers. */
		{"/n | plus(/by/id)", "19"},
		{"/n | plus(/none)", "12"},
		{"/half | plus('1')", "1.5"},
		{"/id | plus('1')", "9007199254740994"},
		{"/n | times(60)", "720"},
		{"'1.2K' | num", "1200"},
		{"'3M' | num", "3000000"},
		{"'1,234' | num", "1234"},
		{"'x' | num", ""},
		{"'4.9' | int", "4"},
		{"/tags | len", "3"},
		{"/list | len", "0"},
		{"/rows/*/none | len", "0"},
		{"/none | len", ""},
		/* Times: cut, not rounded; no zone is UTC. */
		{"'2026-03-02T09:15:00.999+01:00' | time", "2026-03-02T08:15:00Z"},
		{"'2026-03-02 08:15:00' | time", "2026-03-02T08:15:00Z"},
		{"'2026-03-02T08:15:00+0000' | time", "2026-03-02T08:15:00Z"},
		{"'2026-03-02' | time", "2026-03-02T00:00:00Z"},
		{"'Mon, 02 Mar 2026 08:15:00 GMT' | time(rfc822)", "2026-03-02T08:15:00Z"},
		{"'20260302T081500Z' | time(basic)", "2026-03-02T08:15:00Z"},
		{"'20261302T081500Z' | time(basic)", ""},
		{"'1772439300.9' | epoch", "2026-03-02T08:15:00Z"},
		{"'1772439300999' | epoch_ms", "2026-03-02T08:15:00Z"},
		{"'1772439300000001' | epoch_us", "2026-03-02T08:15:00Z"},
		{"'-1' | epoch", "1969-12-31T23:59:59Z"},
		{"'soon' | time ?? '0' | epoch", "1970-01-01T00:00:00Z"},
		{"'99999999999999999' | epoch", ""},
		/* Choosing. */
		{"/name | map(Ada=1,*=2)", "1"},
		{"/n | map(Ada=1,*=2)", "2"},
		{"/n | map(Ada=1)", ""},
		{"/yes | map(true=5,false=1)", "5"},
		{"'y' | when(/yes == true)", "y"},
		{"'y' | when(/yes != true)", ""},
		{"'y' | when(/none == null)", "y"},
		{"'y' | when(/list == [])", "y"},
		{"'y' | when(/tags != [])", "y"},
		{"'y' | when(/by != null)", "y"},
		{"'y' | when(/empty ~ ^$)", "y"},
		{"'y' | when(/missing ?? /name ~ ^(A|B)[d)]a$)", "y"},
		{"'y' | when(/tags ~ 'tea')", "y"},
		{"'y' | when(/n == 12 && /name == Ada)", "y"},
		{"'y' | when(/n == 12 && /name == Bob)", ""},
		{"/rows | only(/k == x) | len", "2"},
		{"/rows | only(/k == x) | last | get(/v ?? /k)", "x"},
		{"/tags | only(. ~ ^t)", "[tea]"},
		{"/rows | first | get(/v)", "1"},
		/* Joins. */
		{"/by/id | lookup($/users,id) | get(/name)", "Seven"},
		{"/by/id | lookup2($/included,users) | names", "U"},
		{"/rows/*/v | lookup($/users,id)", ""},
		{"/users/*/id | lookups2($/included,tags) | names", "[T]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		give(rows[i].expression, rows[i].want, span_str(answer), false);
}

static void xml_is_pointed_into_by_names_and_namespaces(void **state)
{
	/* Other prefixes than ours, and a default namespace. */
	static const char feed[] =
		"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' "
		"xmlns:m='http://search.yahoo.com/mrss/' xmlns:own='urn:x'>"
		"<entry><title>A &amp; B</title><link rel='self' href='/1'/><link href='/2'/>"
		"<m:group><m:thumbnail url='t.jpg'/></m:group><own:x>1</own:x>"
		"<category term='a'/><category "
		"term='b'/><content><![CDATA[<b>hi</b>]]></content>"
		"</entry></feed>";
	static const struct {
		const char *expression, *want;
	} rows[] = {
		{"atom:entry/atom:title", "A & B"},
		{"atom:entry/atom:link/@href", "/1"},
		{"atom:entry/atom:link[]/@href", "[/1 /2]"},
		{"atom:entry/media:group/media:thumbnail/@url", "t.jpg"},
		{"atom:entry/own:x", "1"},
		{"atom:entry/title", ""},
		{"atom:entry/atom:category[]/@term | lower", "[a b]"},
		{"atom:entry/atom:content | html", "hi"},
		{"'y' | when(atom:entry/atom:title ~ ' & ')", "y"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		give(rows[i].expression, rows[i].want, span_str(feed), true);
}

static void a_mistake_has_a_place_and_a_remedy(void **state)
{
	static const struct {
		const char *expression;
		int column;
		const char *says;
	} rows[] = {
		{"/a | lowr", 6, "unknown filter \"lowr\": did you mean \"lower\"?"},
		{"", 1, "a value is missing here"},
		{"/a ??", 6, "a value is missing here"},
		{"/a b", 4, "\"b\" is not understood here"},
		{"'x", 1, "this quote is not closed"},
		{"\"a{/b\"", 6, "'}' is missing here"},
		{"/a | re(/(/,1)", 11, "not a regular expression"},
		{"/a | re(x)", 9, "a pattern is missing here"},
		{"/a | when(/b)", 13, "a comparison is missing here"},
		{"/a | split", 11, "split needs something in parentheses"},
		{"css(div:hover)", 8, "not understood as a CSS selector"},
		{"/a//b", 4, "a name is missing in this path"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct expr_set set = {0};
		struct err_list errors = {0};
		struct expr *x = NULL;

		if (expr_parse(&x, &set, span_str(rows[i].expression),
			    (struct expr_place){"t", 1, 1}, &errors) != -EINVAL)
			fail_msg("%s is taken", rows[i].expression);
		assert_int_equal(errors.n, 1);
		if (errors.items[0].column != rows[i].column ||
			!strstr(errors.items[0].text, rows[i].says))
			fail_msg("%s: column %d: %s", rows[i].expression,
				errors.items[0].column, errors.items[0].text);
		err_list_deinit(&errors);
		expr_set_deinit(&set);
	}
}

static void what_costs_too_much_ends(void **state)
{
	struct buf body = {0};
	struct expr_set set = {0};
	struct err_list errors = {0};
	struct arena arena = {0};
	struct expr_eval e;
	struct tree root;
	struct expr *x;

	(void)state;
	buf_add_str(&body, "{\"l\":[");
	for (int i = 0; i < 20000; i++)
		buf_add_str(&body, "{\"id\":1},");
	buf_add_str(&body, "]}");
	/* Each joined with each, in vain: four hundred million steps. */
	assert_int_equal(expr_parse(&x, &set, SPAN("/l/*/id | plus('1') | lookup($/l,id)"),
				 (struct expr_place){"t", 1, 1}, &errors),
		0);
	assert_int_equal(expr_eval_init(&e, &arena), 0);
	assert_int_equal(tree_json(&root, &arena, buf_span(&body)), 0);
	e.root = e.item = &root;
	assert_null(expr_value(&e, x));
	assert_true(e.failed);
	expr_eval_deinit(&e);
	expr_set_deinit(&set);
	arena_release(&arena);
	buf_deinit(&body);
	err_list_deinit(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_gives_its_value),
		cmocka_unit_test(xml_is_pointed_into_by_names_and_namespaces),
		cmocka_unit_test(a_mistake_has_a_place_and_a_remedy),
		cmocka_unit_test(what_costs_too_much_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
