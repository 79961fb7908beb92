/*
 * yaml and nearest: what a person's file becomes, where things stand in it, and what is said of
 * its mistakes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "vigie/buf.h"
#include "vigie/nearest.h"
#include "vigie/yaml.h"

/* The tree as one line: {key: value}, [items], scalars in <>, null as ~. */
static void show(struct buf *out, const struct yaml_node *n)
{
	if (n->type == YAML_SCALAR) {
		if (yaml_is_null(n))
			buf_add_char(out, '~');
		else
			buf_addf(out, "<%.*s>", SPAN_ARG(n->text));
		return;
	}
	buf_add_char(out, n->type == YAML_MAPPING ? '{' : '[');
	for (size_t i = 0; i < n->n; i++) {
		if (i)
			buf_add_char(out, ' ');
		if (n->type == YAML_MAPPING) {
			buf_addf(out, "%.*s:", SPAN_ARG(n->pairs[i].key->text));
			show(out, n->pairs[i].value);
		} else {
			show(out, n->items[i]);
		}
	}
	buf_add_char(out, n->type == YAML_MAPPING ? '}' : ']');
}

static void reads(void **state)
{
	static const char *const rows[][2] = {
		{"", "~"},
		{"# nothing\n", "~"},
		{"a: 1\nb: two words\n", "{a:<1> b:<two words>}"},
		{"a:\nb: ~\nc: null\nd: 'null'\ne: ''\n", "{a:~ b:~ c:~ d:<null> e:<>}"},
		{"a:\tb\nc: |\n  x\n  \ty\n", "{a:<b> c:<x\n\ty\n>}"},
		{"[a, {b: c}, [], {}]", "[<a> {b:<c>} [] {}]"},
		{"{\"a\": [1, true, null], \"b\\u00e9\": \"x\\ny\"}",
			"{a:[<1> <true> ~] b\xc3\xa9:<x\ny>}"},
		{"a: |\n  one\n  two\nb: >-\n  one\n  two\n", "{a:<one\ntwo\n> b:<one two>}"},
		{"a: &x [1, 2]\nb: *x\n", "{a:[<1> <2>] b:[<1> <2>]}"},
		{"a: &x 1\nb: &x 2\nc: *x\n", "{a:<1> b:<2> c:<2>}"},
		{"\xef\xbb\xbf"
		 "a: b\r\nc: d\r\n",
			"{a:<b> c:<d>}"},
		{"--- \na: b\n...\n", "{a:<b>}"},
		{"{a, b: c}", "{a:~ b:<c>}"},
		{"q: '\"it''s\"'", "{q:<\"it's\">}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err_list errors = {0};
		struct buf out = {0};
		struct yaml y;

		assert_int_equal(yaml_read(&y, span_str(rows[i][0]), "f", &errors), 0);
		show(&out, y.root);
		assert_string_equal(out.p, rows[i][1]);
		assert_int_equal(errors.n, 0);
		buf_deinit(&out);
		yaml_deinit(&y);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		const char *errors;
	} rows[] = {
		{"a: 1\nb: 2\na: 3\nb: 4\n",
			"f:3:1: duplicate key \"a\": it stands in line 1 already, keep one\n"
			"f:4:1: duplicate key \"b\": it stands in line 2 already, keep one\n"},
		{"a: 1\n? [x]\n: 2\n",
			"f:2:3: a key is a list: write a name before the colon\n"},
		{"a: b\n---\nc: d\n",
			"f:2:1: a second document: one file holds one, take out \"---\"\n"},
		{"a: *b\n", "f:1:4: *b names nothing above: write &b before the value it "
			    "stands for, or "
			    "put the text in quotes\n"},
		{"a: &b [*b]\n", "f:1:8: *b stands inside what it names: write it out\n"},
		{"# ok\né: \"x\xff\"\n", "f:2:6: not UTF-8: save the file as UTF-8\n"},
		{"a: b\n  \x01",
			"f:2:3: a control character: take it out, or write it as an escape in "
			"double quotes\n"},
		{"# ok\n%YAML 1.2\n---\na: b\n",
			"f:2:1: a directive: it has no use here, take the line out\n"},
		{"a: b: c\n", "f:1:5: invalid nested block mapping on the same line: put a "
			      "value that "
			      "contains \": \" in quotes\n"},
		{"a: 1\nb: {c: ${X}}\n", "f:2:9: missing comma in flow mapping: between { and "
					 "} or [ and ], put a value with \"${\" in quotes\n"},
		{"a: 1\n-\t- b\n", "f:2:2: a tab: indent with spaces\n"},
		{"a: @foo\n",
			"f:1:4: plain scalar cannot start with '@': put the value in quotes\n"},
		{"a: \"\\d\"\n",
			"f:1:5: invalid escape 'd' in double-quoted string: in double quotes a "
			"backslash is written \\\\; single quotes take it as it is\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err_list errors = {0};
		struct yaml y;
		char *printed = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&printed, &n);

		assert_int_equal(yaml_read(&y, span_str(rows[i].text), "f", &errors), -EINVAL);
		err_list_print(&errors, f);
		assert_int_equal(fclose(f), 0);
		assert_string_equal(printed, rows[i].errors);
		free(printed);
		err_list_deinit(&errors);
	}
}

/* Whatever is wrong, libfyaml itself says nothing on standard error. */
static void is_silent(void **state)
{
	static const char *const texts[] = {"a: [", "\t", "a: 'b\nc: d", "{a: b",
		"%YAML 9.9\n---\na", "a: !<", "\xfe\xff", "- a\n b", "*"};
	const int keep = dup(2);
	FILE *catch = tmpfile();

	(void)state;
	assert_true(keep >= 0 && catch && dup2(fileno(catch), 2) >= 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct err_list errors = {0};
		struct yaml y;

		if (yaml_read(&y, span_str(texts[i]), "f", &errors) == 0)
			yaml_deinit(&y);
		else
			assert_true(errors.n > 0 && errors.items[0].line > 0);
		err_list_deinit(&errors);
	}
	assert_true(dup2(keep, 2) >= 0);
	(void)close(keep);
	assert_int_equal(fseek(catch, 0, SEEK_END), 0);
	assert_int_equal(ftell(catch), 0);
	(void)fclose(catch);
}

static void knows_places(void **state)
{
	static const char text[] = "é: caf\xc3\xa9 noir\n"
				   "q: 'a \"b\" c'\n"
				   "d: \"x y\"\n"
				   "escaped: 'it''s'\n"
				   "dquoted: \"a\\tb\"\n"
				   "block: |\n"
				   "  text\n"
				   "folded: one\n"
				   "  two\n"
				   "empty:\n"
				   "list: [a, {b: c}]\n";
	static const struct {
		const char *key;
		int line, column, content;
		bool exact;
	} rows[] = {
		{"é", 1, 4, 4, true},
		{"q", 2, 4, 5, true},
		{"d", 3, 4, 5, true},
		{"escaped", 4, 10, 11, false},
		{"dquoted", 5, 10, 11, false},
		{"block", 7, 1, 1, false},
		{"folded", 8, 9, 9, false},
		{"empty", 10, 1, 1, false},
	};
	struct err_list errors = {0};
	const struct yaml_node *node;
	struct yaml y;

	(void)state;
	assert_int_equal(yaml_read(&y, span_str(text), "f", &errors), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		node = yaml_get(y.root, rows[i].key);
		assert_non_null(node);
		assert_int_equal(node->line, rows[i].line);
		assert_int_equal(node->column, rows[i].column);
		assert_int_equal(node->content_column, rows[i].content);
		assert_int_equal(node->exact, rows[i].exact);
	}
	node = yaml_get(y.root, "é");
	assert_int_equal(yaml_column(node, 0), 4);
	assert_int_equal(yaml_column(node, 3), 7); /* the é, two bytes */
	assert_int_equal(yaml_column(node, 5), 8); /* the space behind it */
	node = yaml_get(y.root, "q");
	assert_int_equal(yaml_column(node, 2), 7);
	node = yaml_get(y.root, "escaped");
	assert_int_equal(yaml_column(node, 3), 10);
	node = yaml_get(y.root, "list");
	assert_int_equal(node->column, 7);
	assert_int_equal(node->items[1]->column, 11);
	assert_null(yaml_get(y.root, "list2"));
	assert_null(yaml_get(node, "a"));
	yaml_deinit(&y);
}

static void knows_types(void **state)
{
	static const struct {
		const char *text;
		const char *type;
		bool is_bool, value;
	} rows[] = {
		{"~", "nothing", false, false},
		{"x", "a text", false, false},
		{"'~'", "a text", false, false},
		{"[]", "a list", false, false},
		{"{}", "a mapping", false, false},
		{"true", "a text", true, true},
		{"False", "a text", true, false},
		{"'true'", "a text", false, false},
		{"yes", "a text", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err_list errors = {0};
		struct yaml y;
		bool value = false;

		assert_int_equal(yaml_read(&y, span_str(rows[i].text), "f", &errors), 0);
		assert_string_equal(yaml_type_name(y.root), rows[i].type);
		assert_int_equal(yaml_bool(y.root, &value), rows[i].is_bool);
		assert_int_equal(value, rows[i].value);
		yaml_deinit(&y);
	}
}

static int read_buf(struct buf *text, struct err_list *errors)
{
	struct yaml y;
	const int r = yaml_read(&y, buf_span(text), "f", errors);

	if (r == 0)
		yaml_deinit(&y);
	buf_deinit(text);
	return r;
}

static void is_bounded(void **state)
{
	struct err_list errors = {0};
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < YAML_DEPTH_MAX; i++)
		buf_add_char(&text, '[');
	for (int i = 0; i < YAML_DEPTH_MAX; i++)
		buf_add_char(&text, ']');
	assert_int_equal(read_buf(&text, &errors), 0);

	for (int i = 0; i < 100000; i++)
		buf_add_char(&text, '[');
	assert_int_equal(read_buf(&text, &errors), -EINVAL);
	assert_string_equal(errors.items[0].text, "nested more than 64 deep: write it flatter");
	err_list_deinit(&errors);

	/* A billion laughs. */
	buf_add_str(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		buf_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
		buf_add_str(&text, "]\n");
	}
	assert_int_equal(read_buf(&text, &errors), -EINVAL);
	assert_non_null(strstr(errors.items[0].text, "once aliases are written out"));
	err_list_deinit(&errors);

	/* Depth by the back door. */
	buf_add_str(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 100; i++)
		buf_addf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	assert_int_equal(read_buf(&text, &errors), -EINVAL);
	assert_string_equal(errors.items[0].text, "nested more than 64 deep: write it flatter");
	assert_int_equal(errors.items[0].line, 64);
	err_list_deinit(&errors);

	for (int i = 0; i <= YAML_ANCHORS_MAX; i++)
		buf_addf(&text, "- &a%d x\n", i);
	assert_int_equal(read_buf(&text, &errors), -EINVAL);
	assert_int_equal(errors.items[0].line, YAML_ANCHORS_MAX + 1);
	err_list_deinit(&errors);
}

/* Two ways, for few keys and for many. */
static void finds_duplicates_among_many(void **state)
{
	struct err_list errors = {0};
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&text, "k%d: %d\n", i % 999, i);
	assert_int_equal(read_buf(&text, &errors), -EINVAL);
	assert_int_equal(errors.n, 1);
	assert_int_equal(errors.items[0].line, 1000);
	assert_string_equal(errors.items[0].text,
		"duplicate key \"k0\": it stands in line 1 already, keep one");
	err_list_deinit(&errors);
}

static void guesses_names(void **state)
{
	static const char *const names[] = {
		"sources", "state", "rules", "routes", "receivers", "id"};
	static const char *const rows[][2] = {
		{"source", "sources"},
		{"Sources", "sources"},
		{"sorces", "sources"},
		{"ruels", "rules"},
		{"reciever", "receivers"},
		{"di", "id"},
		{"brand", NULL},
		{"x", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *found = nearest(span_str(rows[i][0]), names, 6);

		if (rows[i][1])
			assert_string_equal(found, rows[i][1]);
		else
			assert_null(found);
	}
	assert_int_equal(nearest_distance(SPAN("ca"), SPAN("abc")), 3);
	assert_int_equal(nearest_distance(SPAN("kitten"), SPAN("sitting")), 3);
	assert_int_equal(nearest_distance(SPAN(""), SPAN("abc")), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(is_silent),
		cmocka_unit_test(knows_places),
		cmocka_unit_test(knows_types),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(finds_duplicates_among_many),
		cmocka_unit_test(guesses_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
