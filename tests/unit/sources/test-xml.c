/* xml: tokens of what is meant to be XML. */

#include "fixture.h"

#include "sources/xml.h"

/* The tokens of a document in one line: <name a=v>, </name>, "text", [cdata], !doctype. */
static void tell(struct buf *out, struct xml *x, const struct xml_token *t)
{
	switch (t->event) {
	case XML_TEXT:
		buf_add_char(out, '"');
		xml_decode(x, out, t->text);
		buf_add_char(out, '"');
		break;
	case XML_CDATA:
		buf_addf(out, "[%.*s]", SPAN_ARG(t->text));
		break;
	case XML_OPEN:
		buf_addf(out, "<%.*s", SPAN_ARG(t->name));
		for (size_t i = 0; i < t->n_attributes; i++)
			buf_addf(out, " %.*s=%.*s", SPAN_ARG(t->attributes[i].name),
				SPAN_ARG(t->attributes[i].value));
		buf_add_str(out, t->empty ? "/>" : ">");
		break;
	case XML_CLOSE:
		buf_addf(out, "</%.*s>", SPAN_ARG(t->name));
		break;
	case XML_DOCTYPE:
		buf_addf(out, "!%.*s", SPAN_ARG(t->name));
		break;
	default:
		break;
	}
}

static const struct {
	const char *xml, *tokens;
} rows[] = {
	{"<a x=\"1\" y='2'>t</a>", "<a x=1 y=2>\"t\"</a>"},
	{"<a/><b />", "<a/><b/>"},
	{"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY e 'v'>]><a>&e;&amp;&#65;</a>",
		"!rss<a>\"v&A\"</a>"},
	{"<a><!-- <b> --><![CDATA[<c>]]>]]&gt;</a>", "<a>[<c>]\"]]>\"</a>"},
	{"<a xml:lang = 'fr'\n x:y=z\t>", "<a xml:lang=fr x:y=z>"},
	/* what strict parsers refuse */
	{"<t>Fish & Chips &unknown; &#xyz;</t>", "<t>\"Fish & Chips &unknown; &#xyz;\"</t>"},
	{"<t>caf&eacute;&nbsp;!</t>", "<t>\"café\u00A0!\"</t>"},
	{"<a x=1 y>", "<a x=1 y=>"},
	{"<a x='1' x='2'>", "<a x=1 x=2>"},
	{"<a href=http://example.org/a/b>", "<a href=http://example.org/a/b>"},
	{"<t>1 < 2 <3</t>", "<t>\"1 < 2 <3\"</t>"},
	{"<t>a ]]> b</t>", "<t>\"a ]]> b\"</t>"},
	{"<a x='never closed>text</a>", "<a x=never closed>\"text\"</a>"},
	{"<a x=1 <b>", "<a x=1><b>"},
	{"</a<b>", "</a><b>"},
	{"<?xml version='1.0'><a>", "<a>"},
	{"<t>&#0;&#31;&#xFFFF;&#55555;&#9;</t>", "<t>\"\uFFFD\uFFFD\uFFFD\uFFFD\t\"</t>"},
	/* names end where they end, however long they are and wherever that is in eight bytes
	 */
	{"<a>1</a><ab>2</ab><abcdefg>3</abcdefg><abcdefgh>4</abcdefgh>",
		"<a>\"1\"</a><ab>\"2\"</ab><abcdefg>\"3\"</abcdefg><abcdefgh>\"4\"</abcdefgh>"},
	{"<x:abcdefg-1.2 y:abcdefg_3=z/><abcdefgé0123456789\t/></abcdefgé0123456789\n>",
		"<x:abcdefg-1.2 y:abcdefg_3=z/><abcdefgé0123456789/></abcdefgé0123456789>"},
	{"<abc?d\"e'f&g;h=i>t</abc?d\"e'f&g;h=i/j>",
		"<abc?d\"e'f&g;h=i>\"t\"</abc?d\"e'f&g;h=i/j>"},
	{"</abcdefghijk<b>", "</abcdefghijk><b>"},
	{"text <", "\"text \"\"<\""},
	{"<a", "\"<\"\"a\""},
	{"<![CDATA[cut", "[cut]"},
	{"<!-- cut", ""},
	{"<!DOCTYPE a [<!ENTITY x", "!a"},
	{"", ""},
};

static void reads_tokens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = {0};
		struct xml x = {0};
		struct xml_token t;

		xml_feed(&x, span_str(rows[i].xml), true);
		while (xml_next(&x, &t) != XML_END)
			tell(&out, &x, &t);
		assert_span(buf_span(&out), rows[i].tokens);
		xml_deinit(&x);
		buf_deinit(&out);
	}
}

/* Byte by byte the same tokens come, but for text in more pieces. */
static void reads_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = {0}, in = {0}, joined = {0}, whole = {0};
		struct xml x = {0};
		struct xml_token t;
		const struct span all = span_str(rows[i].xml);

		for (size_t at = 0; at <= all.n; at++) {
			const bool last = at == all.n;
			struct buf next = {0};

			buf_add(&in, span_slice(all, at, at + 1));
			xml_feed(&x, buf_span(&in), last);
			while (xml_next(&x, &t) != XML_END && t.event != XML_MORE)
				tell(&out, &x, &t);
			buf_add(&next, x.in);
			buf_deinit(&in);
			in = next;
		}
		/* pieces of text and of CDATA meet as "" and ][ */
		for (size_t at = 0; at < out.n; at++)
			if (at + 1 < out.n &&
				((out.p[at] == '"' && out.p[at + 1] == '"') ||
					(out.p[at] == ']' && out.p[at + 1] == '[')))
				at++;
			else
				buf_add_char(&joined, out.p[at]);
		for (size_t at = 0; at < strlen(rows[i].tokens); at++)
			if (strncmp(rows[i].tokens + at, "\"\"", 2) == 0)
				at++;
			else
				buf_add_char(&whole, rows[i].tokens[at]);
		assert_span(buf_span(&joined), whole.p ? whole.p : "");
		xml_deinit(&x);
		buf_deinit(&in);
		buf_deinit(&out);
		buf_deinit(&joined);
		buf_deinit(&whole);
	}
}

static void entities_cannot_explode(void **state)
{
	static const char bomb[] = "<!DOCTYPE a [<!ENTITY a 'xxxxxxxxxx'>"
				   "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
				   "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
				   "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
				   "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
				   "<!ENTITY r '&r;&r;'>]>";
	struct buf out = {0};
	struct xml x = {0};
	struct xml_token t;

	(void)state;
	xml_feed(&x, span_str(bomb), true);
	while (xml_next(&x, &t) != XML_END)
		;
	for (int i = 0; i < 100; i++)
		xml_decode(&x, &out, SPAN("&e;&r;"));
	assert_true(out.n < 3 * XML_MAX_EXPANSION_BYTES);
	xml_deinit(&x);
	buf_deinit(&out);
}

static void names_have_two_parts(void **state)
{
	(void)state;
	assert_span(xml_local(SPAN("dc:creator")), "creator");
	assert_span(xml_prefix(SPAN("dc:creator")), "dc");
	assert_span(xml_local(SPAN("title")), "title");
	assert_span(xml_prefix(SPAN("title")), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tokens),
		cmocka_unit_test(reads_in_pieces),
		cmocka_unit_test(entities_cannot_explode),
		cmocka_unit_test(names_have_two_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
