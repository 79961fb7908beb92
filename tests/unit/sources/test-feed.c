/* feed: every dialect of XML, and the modules they share. */

#include "fixture.h"

static void rss_2(void **state)
{
	static const char body[] =
		"<?xml version=\"1.0\"?><rss version=\"2.0\" "
		"xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" "
		"xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
		"xmlns:slash=\"http://purl.org/rss/1.0/modules/slash/\" "
		"xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\" "
		"xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>"
		"<title>Le Journal</title><link>https://journal.example/</link>"
		"<description>Tout &amp;amp; le reste</description><language>fr-FR</language>"
		"<atom:link rel=\"self\" href=\"https://journal.example/feed\"/>"
		"<atom:link rel=\"hub\" href=\"https://hub.example/\"/>"
		"<ttl>45</ttl><sy:updatePeriod>hourly</sy:updatePeriod>"
		"<sy:updateFrequency>2</sy:updateFrequency>"
		"<skipHours><hour>0</hour><hour>23</hour></skipHours>"
		"<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"
		"<image><title>Logo</title><link>https://logo.example/</link></image>"
		"<item><title>L&#8217;&#233;t&#233;</title>"
		"<link>https://journal.example/ete</link>"
		"<guid isPermaLink=\"false\">42</guid>"
		"<pubDate>Tue, 05 Mar 2024 08:30:00 +0100</pubDate>"
		"<dc:creator>Anne Dupont</dc:creator>"
		"<category>M&#233;t&#233;o</category><category>Une</category><category>Une</"
		"category>"
		"<description>&lt;p&gt;Court.&lt;/p&gt;</description>"
		"<content:encoded><![CDATA[<p>Un.</p><p>Deux &amp; "
		"trois.</p>]]></content:encoded>"
		"<slash:comments>12</slash:comments>"
		"<enclosure url=\"/ete.mp3\" type=\"audio/mpeg\" length=\"1\"/></item>"
		"<item><guid>https://journal.example/2</guid></item>"
		"</channel></rss>";
	struct reading r = reading_of(span_str(body), NULL);
	const struct item *item = &r.items.items[0];

	(void)state;
	assert_int_equal(r.r, 0);
	assert_int_equal(r.result.format, READ_FORMAT_RSS);
	assert_false(r.result.cut);
	assert_span(r.result.feed.title, "Le Journal");
	assert_span(r.result.feed.url, "https://journal.example/");
	assert_span(r.result.feed.lang, "fr-FR");
	assert_span(r.result.description, "Tout & le reste");
	assert_span(r.result.encoding, "utf-8");
	assert_int_equal(r.result.hints.ttl_minutes, 45);
	assert_int_equal(r.result.hints.period_minutes, 30);
	assert_int_equal(r.result.hints.skip_hours, 1u << 0 | 1u << 23);
	assert_int_equal(r.result.hints.skip_days, 1u << 5 | 1u << 6);
	assert_span(r.result.hints.hub, "https://hub.example/");
	assert_span(r.result.hints.self, "https://journal.example/feed");
	assert_int_equal(r.items.n, 2);
	assert_span(item->id, "42");
	assert_true(item->id_is_own);
	assert_span(item->url, "https://journal.example/ete");
	assert_span(item->title, "L’été");
	assert_span(item->text, "Un.\nDeux & trois.");
	assert_span(item->author.name, "Anne Dupont");
	assert_time(item->published, "2024-03-05T07:30:00Z");
	assert_false(wall_known(item->updated));
	assert_span(item->lang, "fr-FR");
	assert_int_equal(item->n_tags, 2);
	assert_span(item->tags[0], "Météo");
	assert_span(item->tags[1], "Une");
	assert_int_equal(item->n_media, 1);
	assert_span(item->media[0], "https://journal.example/ete.mp3");
	assert_int_equal((int)item->numbers.replies, 12);
	assert_int_equal(item->kind, ITEM_ARTICLE);
	assert_span(item->feed.title, "Le Journal");
	assert_span(item[1].url, "https://journal.example/2");
	assert_span(item[1].id, "https://journal.example/2");
	assert_true(isnan(item[1].numbers.replies));
	reading_done(&r);
}

static void atom_1(void **state)
{
	static const char body[] =
		"<feed xmlns=\"http://www.w3.org/2005/Atom\" "
		"xmlns:thr=\"http://purl.org/syndication/thread/1.0\" xml:lang=\"en\" "
		"xml:base=\"https://example.org/blog/\">"
		"<title type=\"html\">A &amp;lt;b&amp;gt; &lt;i&gt;blog&lt;/i&gt;</title>"
		"<link href=\"/\"/><author><name>Ann</name></author>"
		"<entry xml:lang=\"de\"><id>tag:example.org,2024:1</id>"
		"<title>&lt;b&gt; is literal</title>"
		"<link rel=\"alternate\" type=\"application/json\" href=\"1.json\"/>"
		"<link href=\"1.html\"/><link rel=\"enclosure\" href=\"1.mp3\"/>"
		"<link rel=\"replies\" href=\"1.atom\" thr:count=\"3\"/>"
		"<published>2024-03-05T08:30:00+01:00</published>"
		"<updated>2024-03-06T00:00:00Z</updated>"
		"<category term=\"t1\" label=\"Label\"/><category term=\"t2\"/>"
		"<summary>short</summary>"
		"<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">"
		"<p>a &lt; b</p><p>c<b>d</b></p></div></content></entry>"
		"<entry><id>2</id><author><name>Bob</name><email>bob@example.org</email></"
		"author>"
		"<author><name>Cleo</name></author><content "
		"type=\"html\">&lt;p&gt;x&lt;/p&gt;</content>"
		"<source><title>Other</title><author><name>Nobody</name></author></source></"
		"entry>"
		"<entry><id>3</id><thr:in-reply-to ref=\"tag:example.org,2024:1\"/><summary "
		"type=\"text\">1 &lt; 2</summary><source><author>"
		"<name>Sue</name></author></source></entry></feed>";
	struct reading r = reading_of(span_str(body), NULL);
	const struct item *item = r.items.items;

	(void)state;
	assert_int_equal(r.r, 0);
	assert_int_equal(r.result.format, READ_FORMAT_ATOM);
	assert_span(r.result.feed.title, "A <b> blog");
	assert_span(r.result.feed.url, "https://example.org/");
	assert_int_equal(r.items.n, 3);
	assert_span(item[0].id, "tag:example.org,2024:1");
	assert_span(item[0].title, "<b> is literal");
	assert_span(item[0].url, "https://example.org/blog/1.html");
	assert_span(item[0].text, "a < b\ncd");
	assert_span(item[0].author.name, "Ann");
	assert_span(item[0].lang, "de");
	assert_time(item[0].published, "2024-03-05T07:30:00Z");
	assert_time(item[0].updated, "2024-03-06T00:00:00Z");
	assert_span(item[0].tags[0], "Label");
	assert_span(item[0].tags[1], "t2");
	assert_span(item[0].media[0], "https://example.org/blog/1.mp3");
	assert_int_equal((int)item[0].numbers.replies, 3);
	assert_span(item[1].author.name, "Bob, Cleo");
	assert_span(item[1].text, "x");
	assert_span(item[1].lang, "en");
	assert_span(item[1].url, NULL);
	assert_span(item[2].parent, "tag:example.org,2024:1");
	assert_span(item[2].author.name, "Sue");
	assert_span(item[2].text, "1 < 2");
	reading_done(&r);
}

/* What one item of each dialect says. */
static void dialects(void **state)
{
	static const struct {
		const char *body;
		enum read_format format;
		const char *id, *url, *title, *text, *published;
	} rows[] = {
		{"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
		 "xmlns='http://purl.org/rss/1.0/' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
		 "<channel "
		 "rdf:about='http://example.org/'><items><rdf:Seq><rdf:li/></rdf:Seq></items>"
		 "</channel><item "
		 "rdf:about='urn:1'><title>T</title><link>http://example.org/1</link>"
		 "<description>D</description><dc:date>2024-03-05</dc:date></item></rdf:RDF>",
			READ_FORMAT_RDF, "urn:1", "http://example.org/1", "T", "D",
			"2024-03-05T00:00:00Z"},
		{"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
		 "xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel><title>C</title></"
		 "channel>"
		 "<item><title>T</title><link>http://example.org/1</link></item></rdf:RDF>",
			READ_FORMAT_RDF, "http://example.org/1", "http://example.org/1", "T",
			NULL, NULL},
		{"<rss "
		 "version='0.91'><channel><item><title>T</title><link>http://example.org/1</"
		 "link>"
		 "<description>D</description></item></channel></rss>",
			READ_FORMAT_RSS, "http://example.org/1", "http://example.org/1", "T",
			"D", NULL},
		{"<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><id>1</id>"
		 "<title mode='escaped' type='text/html'>&lt;b&gt;T&lt;/b&gt;</title>"
		 "<link rel='alternate' type='text/html' href='http://example.org/1'/>"
		 "<issued>2024-03-05T00:00:00Z</issued>"
		 "<content type='text/html' "
		 "mode='base64'>PHA+RDwvcD4=</content></entry></feed>",
			READ_FORMAT_ATOM, "1", "http://example.org/1", "T", "D",
			"2024-03-05T00:00:00Z"},
		{"<CHANNEL HREF='http://example.org/'><TITLE>C</TITLE><ITEM "
		 "HREF='http://example.org/1'>"
		 "<TITLE>T</TITLE><ABSTRACT>D</ABSTRACT></ITEM></CHANNEL>",
			READ_FORMAT_CDF, "http://example.org/1", "http://example.org/1", "T",
			"D", NULL},
		{"<entry xmlns='http://www.w3.org/2005/Atom'><id>1</id><title>T</title>"
		 "<summary>D</summary></entry>",
			READ_FORMAT_ATOM, "1", NULL, "T", "D", NULL},
		{"<r:rss "
		 "xmlns:r='http://unknown.example/rss'><r:channel><r:item><r:title>T</r:title>"
		 "<r:description>D</r:description></r:item></r:channel></r:rss>",
			READ_FORMAT_RSS, "T", NULL, "T", "D", NULL},
		{"<rss><channel><item><guid isPermaLink='false'>1</guid><a:title "
		 "xmlns:a='urn:other'>no"
		 "</a:title><media:group xmlns:media='http://search.yahoo.com/mrss/'>"
		 "<media:title>T</media:title><media:description>D</media:description></"
		 "media:group>"
		 "</item></channel></rss>",
			READ_FORMAT_RSS, "1", NULL, "T", "D", NULL},
		/* a prefix means what its nearest declaration says, and then what it did before
		 */
		{"<rss xmlns:x='http://purl.org/dc/elements/1.1/'><channel><item><guid>1</guid>"
		 "<x:date>2024-03-05</x:date><g xmlns:x='urn:other'><x:date>2001-01-01</x:date>"
		 "</g><x:title xmlns:x='urn:other'>no</x:title><x:title>T</x:title>"
		 "<x:description xmlns:x='http://search.yahoo.com/mrss/'>no</x:description>"
		 "<x:description>D</x:description></item></channel></rss>",
			READ_FORMAT_RSS, "1", NULL, "T", "D", "2024-03-05T00:00:00Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct reading r = reading_of(span_str(rows[i].body), NULL);

		assert_int_equal(r.r, 0);
		assert_int_equal(r.result.format, rows[i].format);
		assert_int_equal(r.items.n, 1);
		assert_span(r.items.items[0].id, rows[i].id);
		assert_span(r.items.items[0].url, rows[i].url);
		assert_span(r.items.items[0].title, rows[i].title);
		assert_span(r.items.items[0].text, rows[i].text);
		assert_time(r.items.items[0].published, rows[i].published);
		reading_done(&r);
	}
}

/* One element in an item of RSS 2.0, and what it says. */
static void authors(void **state)
{
	static const struct {
		const char *element, *name, *handle;
	} rows[] = {
		{"<author>anne@example.org (Anne D.)</author>", "Anne D.", "anne@example.org"},
		{"<author>Anne D. &lt;anne@example.org&gt;</author>", "Anne D.",
			"anne@example.org"},
		{"<author>Anne D. (anne@example.org)</author>", "Anne D.", "anne@example.org"},
		{"<author>Anne (Paris) &lt;anne@example.org&gt;</author>", "Anne (Paris)",
			"anne@example.org"},
		{"<author>mailto:anne@example.org</author>", NULL, "anne@example.org"},
		{"<author>anne@example.org</author>", NULL, "anne@example.org"},
		{"<author>@anne</author>", "@anne", NULL},
		{"<author>anne@example.org</author><dc:creator>Anne</dc:creator>", "Anne",
			NULL},
		{"<dc:creator>Anne</dc:creator><dc:creator>Bob</dc:creator>", "Anne, Bob",
			NULL},
		{"<itunes:author>Anne</itunes:author>", "Anne", NULL},
		{"<atom:author><atom:name>Anne</atom:name></atom:author>", "Anne", NULL},
		{"<author>by <a href='/anne'>Anne</a></author>", "by Anne", NULL},
		{"<author>&lt;a href=&quot;/anne&quot;&gt;Anne&lt;/a&gt;</author>", "Anne",
			NULL},
		{"<dc:creator><![CDATA[Anne &amp; Bob]]></dc:creator>", "Anne & Bob", NULL},
		{"<author></author>", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf body = {0};
		struct reading r;

		buf_addf(&body, "<rss><channel><item><guid>1</guid>%s</item></channel></rss>",
			rows[i].element);
		r = reading_of(buf_span(&body), NULL);
		assert_int_equal(r.items.n, 1);
		assert_span(r.items.items[0].author.name, rows[i].name);
		assert_span(r.items.items[0].author.handle, rows[i].handle);
		reading_done(&r);
		buf_deinit(&body);
	}
}

static void bases_in_their_order(void **state)
{
	static const struct {
		const char *base, *item, *url;
	} rows[] = {
		{"", "<link>a</link>", "http://site.example/a"},
		{"http://feed.example/x/feed.xml", "<link>a</link>", "http://feed.example/x/a"},
		{"http://feed.example/", "<link xml:base='http://own.example/'>a</link>",
			"http://own.example/a"},
		{"", "<link> http://example.org/a b </link>", "http://example.org/a%20b"},
		{"", "<guid isPermaLink='true'>http://example.org/g</guid>",
			"http://example.org/g"},
		{"", "<guid>no address</guid>", NULL},
		{"", "<link>http://example.org/l</link><guid>http://example.org/g</guid>",
			"http://example.org/l"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct read_options options = {.base = span_str(rows[i].base)};
		struct buf body = {0};
		struct reading r;

		buf_addf(&body,
			"<rss><channel><link>http://site.example/</link><item><title>t</"
			"title>%s"
			"</item></channel></rss>",
			rows[i].item);
		r = reading_of(buf_span(&body), &options);
		assert_span(r.items.items[0].url, rows[i].url);
		reading_done(&r);
		buf_deinit(&body);
	}
}

static void languages_from_near_and_far(void **state)
{
	static const char body[] =
		"<feed xml:lang='fr_CA'><entry xml:lang='de'><id>1</id><content "
		"xml:lang='it'>x</content>"
		"</entry><entry xml:lang=''><id>2</id></entry><entry><id>3</id></entry></feed>";
	struct reading r = reading_of(span_str(body), NULL);

	(void)state;
	assert_span(r.items.items[0].lang, "it");
	assert_span(r.items.items[1].lang, NULL);
	assert_span(r.items.items[2].lang, "fr-CA");
	reading_done(&r);
}

static void only_so_many_items(void **state)
{
	const struct read_options options = {.max_items = 3, .max_text_bytes = 4};
	struct buf body = {0};
	struct reading r;

	(void)state;
	buf_add_str(&body, "<rss><channel>");
	for (int i = 0; i < 10; i++)
		buf_addf(&body, "<item><guid>%d</guid><description>texte</description></item>",
			i);
	buf_add_str(&body, "</channel></rss>");
	r = reading_of(buf_span(&body), &options);
	assert_int_equal(r.items.n, 3);
	assert_true(r.result.more);
	assert_false(r.result.cut);
	assert_span(r.items.items[2].text, "text");
	reading_done(&r);
	buf_deinit(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rss_2),
		cmocka_unit_test(atom_1),
		cmocka_unit_test(dialects),
		cmocka_unit_test(authors),
		cmocka_unit_test(bases_in_their_order),
		cmocka_unit_test(languages_from_near_and_far),
		cmocka_unit_test(only_so_many_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
