/*
 * bench-read: how many megabytes of feed one processor second reads, to items with their plain
 * text; beside it, in the same run over the same bytes, libxml2's bare SAX loop, which hands
 * out elements and text and does nothing with them, and feedparser where it is installed (over
 * the first items: it takes its time). Then the memory a feed of growing size costs.
 *
 *     bench-read [PYTHON PEER_FEEDPARSER]
 */

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sources/reader.h"
#include "vigie/buf.h"

enum { ROUNDS = 7, PEER_PARTS = 40 };

static const char *python, *peer;

static double cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A generator of our own, so that every run reads the same bytes. */
static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static void add_words(struct buf *out, unsigned *state, int n)
{
	static const char *const words[] = {"la", "compagnie", "réduit", "ses", "vols", "vers",
		"Toulouse", "après", "l’annonce", "faite", "à", "Paris", "par", "le", "marché",
		"selon", "plusieurs", "sources", "proches", "du", "dossier", "cet", "été"};

	for (int i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, ' ');
		buf_add_str(out, words[next_random(state) % (sizeof(words) / sizeof(*words))]);
	}
}

static void add_body(struct buf *out, unsigned *state)
{
	for (int i = 0; i < 6; i++) {
		buf_add_str(out, "<p class=\"t\">");
		add_words(out, state, 40);
		buf_addf(out, " <a href=\"http://example.org/%u?a=1&amp;b=2\">lien</a> ",
			next_random(state));
		buf_add_str(out, "&eacute;t&eacute; &#8217; <strong>");
		add_words(out, state, 6);
		buf_add_str(out,
			"</strong></p>\n<img src=\"http://example.org/i.jpg\" alt=\"\" />");
	}
}

static void add_escaped(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '<')
			buf_add_str(out, "&lt;");
		else if (s.p[i] == '>')
			buf_add_str(out, "&gt;");
		else if (s.p[i] == '&')
			buf_add_str(out, "&amp;");
		else
			buf_add_char(out, s.p[i]);
	}
}

static void make_rss(struct buf *out, int items)
{
	struct buf body = {0};
	unsigned state = 1;

	buf_add_str(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" "
		"xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" "
		"xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Essai</title>"
		"<link>http://example.org/</link>\n");
	for (int i = 0; i < items; i++) {
		buf_add_str(out, "<item><title>");
		add_words(out, &state, 9);
		buf_addf(out,
			"</title><link>http://example.org/%d</link><guid "
			"isPermaLink=\"false\">g%d</guid>"
			"<pubDate>Tue, 05 Mar 2024 08:%02d:00 "
			"+0100</pubDate><dc:creator>Anne</dc:creator>"
			"<category>Une</category><description>",
			i, i, i % 60);
		add_words(out, &state, 30);
		buf_add_str(out, "</description><content:encoded>");
		buf_clear(&body);
		add_body(&body, &state);
		if (i % 2) {
			buf_addf(out, "<![CDATA[%.*s]]>", SPAN_ARG(buf_span(&body)));
		} else {
			add_escaped(out, buf_span(&body));
		}
		buf_add_str(out, "</content:encoded></item>\n");
	}
	buf_add_str(out, "</channel></rss>\n");
	buf_deinit(&body);
}

/* Items of 250 bytes, as microblogs and bug trackers have: hardly any text, all elements. */
static void make_micro(struct buf *out, int items)
{
	unsigned state = 4;

	buf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">"
			 "<channel><title>Essai</title><link>http://example.org/</link>\n");
	for (int i = 0; i < items; i++) {
		buf_add_str(out, "<item><title>");
		add_words(out, &state, 4);
		buf_addf(out,
			"</title><link>http://example.org/%06d</link><guid>http://example.org/"
			"%06d"
			"</guid><pubDate>Tue, 05 Mar 2024 08:%02d:00 "
			"+0100</pubDate><description>",
			i, i, i % 60);
		add_words(out, &state, 7);
		buf_add_str(out, "</description></item>\n");
	}
	buf_add_str(out, "</channel></rss>\n");
}

static void make_atom(struct buf *out, int items)
{
	struct buf body = {0};
	unsigned state = 2;

	buf_add_str(out, "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Essai</title>");
	for (int i = 0; i < items; i++) {
		buf_addf(out, "<entry><id>urn:%d</id><title>", i);
		add_words(out, &state, 9);
		buf_addf(out,
			"</title><link "
			"href=\"http://example.org/%d\"/><updated>2024-03-05T08:%02d:00Z</"
			"updated>"
			"<author><name>Anne</name></author><content type=\"html\">",
			i, i % 60);
		buf_clear(&body);
		add_body(&body, &state);
		add_escaped(out, buf_span(&body));
		buf_add_str(out, "</content></entry>\n");
	}
	buf_add_str(out, "</feed>");
	buf_deinit(&body);
}

static void make_json(struct buf *out, int items)
{
	struct buf body = {0};
	unsigned state = 3;

	buf_add_str(out, "{\"version\":\"https://jsonfeed.org/version/"
			 "1.1\",\"title\":\"Essai\",\"items\":[");
	for (int i = 0; i < items; i++) {
		buf_addf(out,
			"%s{\"id\":\"%d\",\"url\":\"http://example.org/"
			"%d\",\"content_html\":\"",
			i ? "," : "", i, i);
		buf_clear(&body);
		add_body(&body, &state);
		for (size_t k = 0; k < body.n; k++) {
			if (body.p[k] == '\n')
				buf_add_str(out, "\\n");
			else if (body.p[k] == '"')
				buf_add_str(out, "\\\"");
			else
				buf_add_char(out, body.p[k]);
		}
		buf_addf(out, "\",\"date_published\":\"2024-03-05T08:%02d:00Z\"}", i % 60);
	}
	buf_add_str(out, "]}");
	buf_deinit(&body);
}

/* The best of the rounds, in megabytes (10^6) a second. */
static double best(double seconds[ROUNDS], size_t bytes)
{
	double least = seconds[0];

	for (int i = 1; i < ROUNDS; i++)
		if (seconds[i] < least)
			least = seconds[i];
	return (double)bytes / 1e6 / least;
}

static size_t text_bytes, elements;

static void read_once(struct span body)
{
	const struct read_options options = {.base = SPAN("http://example.org/")};
	struct arena arena = {0};
	struct item_list items = {0};
	struct read_result result;

	if (document_read(&items, &result, &arena, &options, body) != 0)
		exit(1);
	text_bytes = 0;
	for (size_t k = 0; k < items.n; k++)
		text_bytes += items.items[k].text.n;
	arena_release(&arena);
}

static double measure_reader(struct span body, int repeat)
{
	double seconds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		const double start = cpu_seconds();

		for (int k = 0; k < repeat; k++)
			read_once(body);
		seconds[i] = cpu_seconds() - start;
	}
	return best(seconds, body.n * (size_t)repeat);
}

static void on_element(void *context, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *uri, int n_namespaces, const xmlChar **namespaces, int n_attributes,
	int n_defaulted, const xmlChar **attributes)
{
	(void)context, (void)name, (void)prefix, (void)uri, (void)n_namespaces,
		(void)namespaces;
	(void)n_attributes, (void)n_defaulted, (void)attributes;
	elements++;
}

static void on_text(void *context, const xmlChar *text, int n)
{
	(void)context, (void)text;
	text_bytes += (size_t)n;
}

static void sax_once(struct span body, const xmlSAXHandler *sax)
{
	xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt(body.p, (int)body.n);

	if (!parser)
		exit(1);
	(void)xmlCtxtUseOptions(parser, XML_PARSE_HUGE | XML_PARSE_NONET);
	*parser->sax = *sax;
	if (xmlParseDocument(parser) != 0)
		exit(1);
	xmlFreeParserCtxt(parser);
}

static double measure_sax(struct span body, int repeat)
{
	xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_element,
		.characters = on_text,
		.cdataBlock = on_text};
	double seconds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		const double start = cpu_seconds();

		for (int k = 0; k < repeat; k++)
			sax_once(body, &sax);
		seconds[i] = cpu_seconds() - start;
	}
	return best(seconds, body.n * (size_t)repeat);
}

/* Below 0: not there. */
static double measure_feedparser(struct span body)
{
	char path[] = "/tmp/bench-read.XXXXXX", line[256];
	const int fd = mkstemp(path);
	double found = -1;
	FILE *out;

	(void)snprintf(line, sizeof(line), "%s %s %s", python, peer, path);
	if (fd < 0 || write(fd, body.p, body.n) != (ssize_t)body.n)
		exit(1);
	(void)close(fd);
	out = popen(line, "r");
	if (!out || fscanf(out, "%lf", &found) != 1)
		found = -1;
	if (out)
		(void)pclose(out);
	(void)unlink(path);
	return found;
}

/* A document of `items`, read again and again. */
static void compare(
	const char *name, void (*make)(struct buf *, int), int items, int repeat, bool xml)
{
	struct buf body = {0}, few = {0};
	double reader;

	make(&body, items);
	make(&few, items > PEER_PARTS ? items / PEER_PARTS : items);
	if (body.failed || few.failed)
		exit(1);
	reader = measure_reader(buf_span(&body), repeat);
	(void)printf("%-12s %7.2f MB, %4zu B an item: %6.0f MB/s", name, (double)body.n / 1e6,
		body.n / (size_t)items, reader);
	if (xml) {
		const double sax = measure_sax(buf_span(&body), repeat);

		(void)printf("; libxml2 SAX %6.0f, ratio %4.2f", sax, reader / sax);
	}
	if (xml && peer) {
		const double them = measure_feedparser(buf_span(&few));

		if (them > 0)
			(void)printf("; feedparser %5.2f, ratio %3.0f", them, reader / them);
		else
			(void)printf("; feedparser is missing, skipped");
	}
	(void)printf("\n");
	(void)fflush(stdout);
	buf_deinit(&body);
	buf_deinit(&few);
}

/* What is kept of a feed pushed in pieces, when only the first hundred items are wanted. */
static void show_memory(int items)
{
	const struct read_options options = {.max_items = 100};
	struct arena arena = {0};
	struct item_list list = {0};
	struct read_result result;
	struct reader *reader = NULL;
	struct buf body = {0};

	make_rss(&body, items);
	if (body.failed || reader_new(&reader, &arena, &options) < 0)
		exit(1);
	for (size_t at = 0; at < body.n; at += 65536)
		if (reader_push(reader, span_slice(buf_span(&body), at, at + 65536)) < 0)
			exit(1);
	if (reader_finish(reader, &list, &result) != 0)
		exit(1);
	(void)printf("feed of %5.1f MB, first %zu items: %4zu KiB kept\n", (double)body.n / 1e6,
		list.n, arena.total_bytes / 1024);
	reader_free(reader);
	arena_release(&arena);
	buf_deinit(&body);
}

int main(int argc, char **argv)
{
	python = argc > 2 ? argv[1] : NULL;
	peer = argc > 2 ? argv[2] : NULL;
	compare("rss", make_rss, 4000, 1, true);
	compare("atom", make_atom, 4000, 1, true);
	compare("json", make_json, 4000, 1, false);
	compare("micro-items", make_micro, 8000, 5, true);
	compare("rss of 20 KB", make_rss, 6, 400, true);
	for (int items = 1000; items <= 9000; items *= 3)
		show_memory(items);
	xmlCleanupParser();
	return 0;
}
