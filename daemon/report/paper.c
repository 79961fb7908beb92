#include "report/paper.h"

#include <errno.h>
#include <jansson.h>

#include "report/words.h"
#include "vigie/utf8.h"

enum { COLUMNS_MAX = 6, TITLE_BYTES = 160, BRIEF_NAMES = 4, BRIEF_TITLE = 100 };

struct cell {
	struct span text;
	struct span url; /* a link, when it is a web address */
	double bar;      /* 0 to 1: drawn behind; NAN: none */
	bool number;
	bool spare; /* not shown on a narrow screen */
};

struct table {
	const char *title, *is;
	const char *heads[COLUMNS_MAX];
	struct cell *cells;
	size_t n_columns, n_rows;
	struct span note;
};

struct paper {
	struct arena arena;
	struct span lang;
	const struct report *report;
	struct table tables[8];
	size_t n;
	bool failed;
};

static const char *word(const struct paper *p, enum report_word w)
{
	return report_word(p->lang, w);
}

/* --- Cells ---------------------------------------------------------------------------------
 */

static struct cell text_cell(struct span text, struct span url)
{
	return (struct cell){.text = text, .url = url, .bar = NAN};
}

static struct cell number_cell(struct paper *p, uint64_t n)
{
	struct cell c = {.bar = NAN, .number = true};
	struct buf out = {0};
	char digits[24];

	/* In threes, by a comma or, in French, a narrow space that breaks no line. */
	(void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (size_t i = 0, length = strlen(digits); i < length; i++) {
		if (i && (length - i) % 3 == 0)
			buf_add_str(&out, span_eq_str(p->lang, "fr") ? "\u202F" : ",");
		buf_add_char(&out, digits[i]);
	}
	c.text = out.failed ? SPAN_NONE : arena_dup(&p->arena, buf_span(&out));
	buf_deinit(&out);
	p->failed |= !c.text.p;
	return c;
}

/* "+12.5 %", in French with a comma; `sign`: a change. */
static struct cell percent_cell(struct paper *p, double value, bool sign)
{
	struct cell c = {.bar = NAN, .number = true, .text = span_str(word(p, W_NA))};
	char *point;

	if (isnan(value))
		return c;
	c.text = arena_printf(&p->arena, sign ? "%+.1f %%" : "%.1f %%", value * 100);
	point = c.text.p ? strchr((char *)c.text.p, '.') : NULL;
	if (point && span_eq_str(p->lang, "fr"))
		*point = ',';
	p->failed |= !c.text.p;
	return c;
}

static struct table *table_new(struct paper *p, enum report_word title, enum report_word is,
	size_t n_columns, size_t n_rows)
{
	struct table *t = &p->tables[p->n++];

	*t = (struct table){.title = word(p, title),
		.is = word(p, is),
		.n_columns = n_columns,
		.n_rows = n_rows,
		.cells = arena_calloc(&p->arena, n_columns * n_rows + 1, sizeof(*t->cells))};
	if (!t->cells) {
		p->failed = true;
		t->n_rows = 0;
	}
	return t;
}

static void heads(struct table *t, const struct paper *p, const enum report_word *words)
{
	for (size_t i = 0; i < t->n_columns; i++)
		t->heads[i] = word(p, words[i]);
}

static void note_rest(struct paper *p, struct table *t, size_t heard)
{
	if (heard > t->n_rows)
		t->note = arena_printf(
			&p->arena, "%s: %zu / %zu", word(p, W_TOP), t->n_rows, heard);
}

/* --- Tables --------------------------------------------------------------------------------
 */

static void add_volume(struct paper *p)
{
	static const enum report_word names[] = {W_MENTIONS, W_MENTIONS_BEFORE, W_CHANGE};
	const struct report *r = p->report;
	struct table *t = table_new(p, W_VOLUME, W_VOLUME_IS, 3, 1);

	heads(t, p, names);
	if (!t->n_rows)
		return;
	t->cells[0] = number_cell(p, r->mentions);
	t->cells[1] = number_cell(p, r->mentions_before);
	t->cells[2] = percent_cell(p, report_change(r->mentions, r->mentions_before), true);
	if (wall_known(r->archive_since) && r->archive_since.ms > r->period.before.ms)
		t->note = span_str(word(p, W_PARTIAL));
}

static void add_days(struct paper *p, const struct span *day_names)
{
	static const enum report_word names[] = {W_DAY, W_MENTIONS};
	const struct report *r = p->report;
	struct table *t = table_new(p, W_DAYS, W_DAYS_IS, 2, r->period.n_days);
	uint64_t most = 1;

	heads(t, p, names);
	for (size_t i = 0; i < t->n_rows; i++)
		most = r->days[i] > most ? r->days[i] : most;
	for (size_t i = 0; i < t->n_rows; i++) {
		t->cells[2 * i] = text_cell(day_names[i], SPAN_NONE);
		t->cells[2 * i + 1] = number_cell(p, r->days[i]);
		t->cells[2 * i + 1].bar = (double)r->days[i] / (double)most;
	}
}

static void add_voice(struct paper *p)
{
	static const enum report_word names[] = {
		W_NAME, W_ROLE, W_MENTIONS, W_SHARE, W_SHARE_BEFORE, W_CHANGE};
	const struct tallies *b = &p->report->brands;
	struct table *t = table_new(p, W_VOICE, W_VOICE_IS, 6, b->n);

	heads(t, p, names);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct tally *y = &b->items[i];
		struct cell *c = &t->cells[6 * i];

		c[0] = text_cell(y->name, SPAN_NONE);
		c[1] = text_cell(
			span_str(word(
				p, span_eq_str(y->kind, "brand") ? W_BRAND : W_COMPETITOR)),
			SPAN_NONE);
		c[1].spare = true;
		c[2] = number_cell(p, y->n);
		c[3] = percent_cell(p, report_share(y->n, b->sum), false);
		c[3].bar = b->sum ? report_share(y->n, b->sum) : NAN;
		c[4] = percent_cell(p, report_share(y->before, b->sum_before), false);
		c[5] = percent_cell(p, report_change(y->n, y->before), true);
	}
}

static struct span title_of(struct paper *p, const struct tally *y)
{
	struct span title = span_empty(y->title) ? span_str(word(p, W_UNTITLED)) : y->title;

	if (title.n > TITLE_BYTES) {
		title = utf8_prefix(title, TITLE_BYTES);
		title = arena_printf(&p->arena, "%.*s…", SPAN_ARG(title));
		p->failed |= !title.p;
	}
	return title;
}

static void add_stories(struct paper *p)
{
	static const enum report_word names[] = {W_STORY, W_MENTIONS, W_SOURCES_HEARD};
	const struct tallies *s = &p->report->stories;
	struct table *t = table_new(
		p, W_STORIES, W_STORIES_IS, 3, s->heard < REPORT_TOP ? s->heard : REPORT_TOP);

	heads(t, p, names);
	note_rest(p, t, s->heard);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct tally *y = &s->items[i];

		t->cells[3 * i] = text_cell(title_of(p, y), y->url);
		t->cells[3 * i + 1] = number_cell(p, y->n);
		t->cells[3 * i + 2] = number_cell(p, y->places);
	}
}

static void add_sources(struct paper *p)
{
	static const enum report_word names[] = {
		W_SOURCE, W_MENTIONS, W_MENTIONS_BEFORE, W_CHANGE};
	const struct tallies *s = &p->report->sources;
	struct table *t = table_new(
		p, W_SOURCES, W_SOURCES_IS, 4, s->heard < REPORT_TOP ? s->heard : REPORT_TOP);

	heads(t, p, names);
	note_rest(p, t, s->heard);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct tally *y = &s->items[i];
		struct cell *c = &t->cells[4 * i];

		c[0] = text_cell(span_empty(y->title) ? y->name : y->title, y->url);
		c[1] = number_cell(p, y->n);
		c[2] = number_cell(p, y->before);
		c[3] = percent_cell(p, report_change(y->n, y->before), true);
	}
}

static void add_authors(struct paper *p)
{
	static const enum report_word names[] = {W_AUTHOR, W_MENTIONS, W_FOLLOWERS};
	const struct tallies *s = &p->report->authors;
	struct table *t = table_new(
		p, W_AUTHORS, W_AUTHORS_IS, 3, s->heard < REPORT_TOP ? s->heard : REPORT_TOP);

	heads(t, p, names);
	note_rest(p, t, s->heard);
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct tally *y = &s->items[i];
		struct cell *c = &t->cells[3 * i];

		c[0] = text_cell(y->name, y->url);
		c[1] = number_cell(p, y->n);
		c[2] = isnan(y->followers) || y->followers < 0
			       ? text_cell(span_str(word(p, W_NA)), SPAN_NONE)
			       : number_cell(p, (uint64_t)y->followers);
		c[2].number = true;
	}
}

static void add_alerts(struct paper *p)
{
	static const enum report_word names[] = {W_RECEIVER, W_TOLD};
	const struct tallies *s = &p->report->receivers;
	struct table *t = table_new(p, W_ALERTS, W_ALERTS_IS, 2, s->n);

	heads(t, p, names);
	for (size_t i = 0; i < t->n_rows; i++) {
		t->cells[2 * i] = text_cell(s->items[i].name, SPAN_NONE);
		t->cells[2 * i + 1] = number_cell(p, s->items[i].n);
	}
	t->note = arena_printf(&p->arena, "%s: %llu", word(p, W_MESSAGES),
		(unsigned long long)p->report->deliveries);
}

static void add_coverage(struct paper *p)
{
	static const enum report_word names[] = {W_FIGURE, W_VALUE};
	static const enum report_word rows[] = {W_COVER_HEALTHY, W_COVER_HOURS, W_COVER_HEARD,
		W_COVER_SILENT, W_COVER_DAYS, W_COVER_SINCE, W_COVER_LOSSES};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	const struct report *r = p->report;
	struct table *t = table_new(p, W_COVERAGE, W_COVERAGE_IS, 2, ROWS);
	char since[RFC3339_SIZE];
	size_t days = 0;

	heads(t, p, names);
	if (!t->n_rows)
		return;
	for (size_t i = 0; i < r->period.n_days; i++)
		days += r->days[i] > 0;
	for (size_t i = 0; i < ROWS; i++)
		t->cells[2 * i] = text_cell(span_str(word(p, rows[i])), SPAN_NONE);
	t->cells[1] = percent_cell(p, report_share(r->healthy, r->watched), false);
	t->cells[3] =
		text_cell(arena_printf(&p->arena, "%llu / %llu", (unsigned long long)r->hours,
				  (unsigned long long)report_hours(&r->period)),
			SPAN_NONE);
	t->cells[5] = number_cell(p, r->sources.heard);
	t->cells[7] = number_cell(p, r->sources.n - r->sources.heard);
	t->cells[9] = text_cell(
		arena_printf(&p->arena, "%zu / %zu", days, r->period.n_days), SPAN_NONE);
	t->cells[11] = text_cell(
		wall_known(r->archive_since)
			? arena_dup(&p->arena, span_str(wall_rfc3339(since, r->archive_since)))
			: span_str(word(p, W_NA)),
		SPAN_NONE);
	t->cells[13] = number_cell(p, r->losses);
	t->cells[3].number = t->cells[9].number = t->cells[11].number = true;
}

/* --- Writing -------------------------------------------------------------------------------
 */

static bool is_web(struct span url)
{
	return span_eq_ci(span_slice(url, 0, 8), SPAN("https://")) ||
	       span_eq_ci(span_slice(url, 0, 7), SPAN("http://"));
}

/* Text of others: no markup, no control character, and nothing that turns the text around. */
static void html_text(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		const size_t at = i;
		const uint32_t c = utf8_next(s, &i);

		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
			buf_addf(out, "&#%u;", (unsigned)c);
		else if (c < 0x20 || c == 0x7F || (c >= 0x202A && c <= 0x202E) ||
			 (c >= 0x2066 && c <= 0x2069))
			buf_add_char(out, ' ');
		else
			buf_add(out, span_slice(s, at, i));
	}
}

/* Punctuation of Markdown (CommonMark 0.30, section 2.4) stands escaped. */
static void markdown_text(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		const size_t at = i;
		const uint32_t c = utf8_next(s, &i);

		if (c < 0x80 && c && strchr("\\`*_{}[]<>()#|!&~", (int)c))
			buf_add_char(out, '\\');
		if (c < 0x20 || c == 0x7F || (c >= 0x202A && c <= 0x202E) ||
			(c >= 0x2066 && c <= 0x2069))
			buf_add_char(out, ' ');
		else
			buf_add(out, span_slice(s, at, i));
	}
}

static void markdown_url(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++) {
		const unsigned char c = (unsigned char)url.p[i];

		if (c <= ' ' || c == 0x7F || strchr("()<>\\|", c))
			buf_addf(out, "%%%02X", c);
		else
			buf_add_char(out, (char)c);
	}
}

static void markdown_table(struct buf *out, const struct table *t, const char *nothing)
{
	buf_addf(out, "\n## %s\n\n%s\n\n", t->title, t->is);
	if (!t->n_rows)
		buf_addf(out, "%s\n", nothing);
	for (size_t i = 0; i < t->n_columns && t->n_rows; i++)
		buf_addf(out, "| %s ", t->heads[i]);
	if (t->n_rows)
		buf_add_str(out, "|\n");
	for (size_t i = 0; i < t->n_columns && t->n_rows; i++)
		buf_add_str(out, t->cells[i].number ? "| ---: " : "| --- ");
	if (t->n_rows)
		buf_add_str(out, "|\n");
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
		const struct cell *c = &t->cells[i];

		buf_add_str(out, is_web(c->url) ? "| [" : "| ");
		markdown_text(out, c->text);
		if (is_web(c->url)) {
			buf_add_str(out, "](");
			markdown_url(out, c->url);
			buf_add_char(out, ')');
		}
		buf_add_str(out, (i + 1) % t->n_columns ? " " : " |\n");
	}
	if (t->note.n)
		buf_addf(out, "\n%.*s\n", SPAN_ARG(t->note));
}

static const char style[] =
	":root{color-scheme:light dark}"
	"body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;"
	"color:#1b2430;background:#fff}"
	"h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .25rem}"
	"p{margin:.25rem 0}.is,.note{color:#5b6673;font-size:.85rem}"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.5rem 0}"
	"th,td{padding:.35rem .5rem;border-bottom:1px solid #dde2e8;text-align:left;"
	"overflow-wrap:break-word}td:first-child{overflow-wrap:anywhere;min-width:3.5em}"
	"th{font-size:.8rem;color:#5b6673;font-weight:600}"
	"th.n,td.n{text-align:right;white-space:nowrap;overflow-wrap:normal;"
	"font-variant-numeric:tabular-nums}th.n{white-space:normal}"
	"td.b{background:linear-gradient(#bcd9f5,#bcd9f5) no-repeat left/var(--w) 100%}"
	"a{color:#0b5cad}"
	"@media(max-width:30rem){body{padding:.5rem}h1{font-size:1.3rem}"
	"th,td{padding:.3rem .2rem;font-size:.8rem}th{font-size:.72rem}.r{display:none}}"
	"@media(prefers-color-scheme:dark){body{color:#e4e8ed;background:#14181d}"
	"th,.is,.note{color:#9aa5b1}th,td{border-color:#2c333b}a{color:#7fb8f0}"
	"td.b{background-image:linear-gradient(#234a70,#234a70)}}";

static void html_cell(struct buf *out, const struct cell *c)
{
	const bool bar = !isnan(c->bar);

	buf_addf(out, "<td%s",
		c->number  ? (bar ? " class=\"n b\"" : " class=\"n\"")
		: c->spare ? " class=\"r\""
			   : "");
	if (bar)
		buf_addf(out, " style=\"--w:%d%%\"", (int)(c->bar * 100 + 0.5));
	buf_add_char(out, '>');
	if (is_web(c->url)) {
		buf_add_str(out, "<a rel=\"noreferrer noopener\" href=\"");
		html_text(out, c->url);
		buf_add_str(out, "\">");
	}
	html_text(out, c->text);
	buf_add_str(out, is_web(c->url) ? "</a></td>" : "</td>");
}

static void html_table(struct buf *out, const struct table *t, const char *nothing)
{
	buf_addf(out, "<section><h2>%s</h2><p class=\"is\">%s</p>", t->title, t->is);
	if (!t->n_rows) {
		buf_addf(out, "<p>%s</p></section>\n", nothing);
		return;
	}
	buf_add_str(out, "<div class=\"scroll\"><table><thead><tr>");
	for (size_t i = 0; i < t->n_columns; i++)
		buf_addf(out, "<th scope=\"col\"%s>%s</th>",
			t->cells[i].number  ? " class=\"n\""
			: t->cells[i].spare ? " class=\"r\""
					    : "",
			t->heads[i]);
	buf_add_str(out, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
		buf_add_str(out, i % t->n_columns ? "" : "<tr>");
		html_cell(out, &t->cells[i]);
		buf_add_str(out, (i + 1) % t->n_columns ? "" : "</tr>\n");
	}
	buf_add_str(out, "</tbody></table></div>");
	if (t->note.n) {
		buf_add_str(out, "<p class=\"note\">");
		html_text(out, t->note);
		buf_add_str(out, "</p>");
	}
	buf_add_str(out, "</section>\n");
}

static void write_paper(struct buf *out, const struct paper *p, const struct span *day_names,
	enum report_format format)
{
	const struct report_period *d = &p->report->period;
	char from[RFC3339_SIZE], to[RFC3339_SIZE], before[RFC3339_SIZE];
	const bool html = format == REPORT_HTML;

	if (html)
		buf_addf(out,
			"<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
			"<meta name=\"viewport\" content=\"width=device-width, "
			"initial-scale=1\">"
			"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
			"'none'; "
			"style-src "
			"'unsafe-inline'\"><title>%s</title><style>%s</style></head><body>\n",
			span_eq_str(p->lang, "fr") ? "fr" : "en", word(p, W_TITLE), style);
	buf_addf(out, html ? "<h1>%s</h1><p>" : "# %s\n\n", word(p, W_TITLE));
	/* The days as people say them, then as they are counted. */
	buf_add(out, day_names[0]);
	if (d->n_days > 1)
		buf_addf(out, " – %.*s", SPAN_ARG(day_names[d->n_days - 1]));
	buf_add_str(out, html ? "</p><p class=\"is\">" : "\n\n");
	buf_addf(out, "%s: %.*s ≤ t < %.*s (UTC: %s ≤ t < %s); %s: %s ≤ t < %s; %s: ",
		word(p, W_PERIOD), SPAN_ARG(day_names[0]), SPAN_ARG(day_names[d->n_days]),
		wall_rfc3339(from, d->from), wall_rfc3339(to, d->to), word(p, W_BEFORE),
		wall_rfc3339(before, d->before), from, word(p, W_ZONE));
	if (html)
		html_text(out, d->zone);
	else
		markdown_text(out, d->zone);
	buf_add_str(out, html ? "</p>\n" : "\n");
	for (size_t i = 0; i < p->n; i++)
		(html ? html_table : markdown_table)(out, &p->tables[i], word(p, W_NOTHING));
	if (html)
		buf_add_str(out, "</body></html>\n");
}

/* --- JSON ----------------------------------------------------------------------------------
 */

static json_t *json_text(struct span s)
{
	return span_empty(s) ? json_null() : json_stringn(s.p, s.n);
}

static json_t *json_share(double x)
{
	return isnan(x) ? json_null() : json_real(x);
}

static json_t *json_time(struct wall t)
{
	char text[RFC3339_SIZE];

	return wall_known(t) ? json_string(wall_rfc3339(text, t)) : json_null();
}

static json_t *json_tallies(const struct tallies *t, bool shares)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++) {
		const struct tally *y = &t->items[i];
		json_t *one;

		if (!y->n && !shares)
			continue;
		one = json_pack("{s:o,s:o,s:o,s:I,s:I,s:o}", "name", json_text(y->name),
			"title", json_text(y->title), "url", json_text(y->url), "n",
			(json_int_t)y->n, "before", (json_int_t)y->before, "change",
			json_share(report_change(y->n, y->before)));
		if (shares && one) {
			(void)json_object_set_new(one, "kind", json_text(y->kind));
			(void)json_object_set_new(
				one, "share", json_share(report_share(y->n, t->sum)));
			(void)json_object_set_new(one, "share_before",
				json_share(report_share(y->before, t->sum_before)));
		}
		if (y->places && one)
			(void)json_object_set_new(
				one, "sources", json_integer((json_int_t)y->places));
		if (!isnan(y->followers) && one)
			(void)json_object_set_new(one, "followers", json_real(y->followers));
		(void)json_array_append_new(list, one);
	}
	return list;
}

static json_t *json_part(const struct paper *p, enum report_word is, json_t *list)
{
	return json_pack("{s:s,s:o}", "definition", word(p, is), "rows", list);
}

static int write_json(struct buf *out, const struct paper *p, const struct span *day_names)
{
	const struct report *r = p->report;
	json_t *days = json_array(), *root;
	char *text;

	for (size_t i = 0; i < r->period.n_days; i++)
		(void)json_array_append_new(
			days, json_pack("{s:o,s:I}", "day", json_text(day_names[i]), "n",
				      (json_int_t)r->days[i]));
	root = json_pack("{s:{s:o,s:o,s:o,s:o},s:{s:s,s:I,s:I,s:o},s:o,s:o,s:o,s:o,s:o,s:o,"
			 "s:{s:s,s:I,s:I,s:o,s:I,s:o,s:I,s:I,s:I,s:I}}",
		"period", "from", json_time(r->period.from), "to", json_time(r->period.to),
		"before", json_time(r->period.before), "zone", json_text(r->period.zone),
		"volume", "definition", word(p, W_VOLUME_IS), "n", (json_int_t)r->mentions,
		"before", (json_int_t)r->mentions_before, "change",
		json_share(report_change(r->mentions, r->mentions_before)), "days",
		json_part(p, W_DAYS_IS, days), "share_of_voice",
		json_part(p, W_VOICE_IS, json_tallies(&r->brands, true)), "stories",
		json_part(p, W_STORIES_IS, json_tallies(&r->stories, false)), "sources",
		json_part(p, W_SOURCES_IS, json_tallies(&r->sources, false)), "authors",
		json_part(p, W_AUTHORS_IS, json_tallies(&r->authors, false)), "alerts",
		json_pack("{s:s,s:I,s:o}", "definition", word(p, W_ALERTS_IS), "messages",
			(json_int_t)r->deliveries, "rows", json_tallies(&r->receivers, false)),
		"coverage", "definition", word(p, W_COVERAGE_IS), "sources_heard",
		(json_int_t)r->sources.heard, "sources_silent",
		(json_int_t)(r->sources.n - r->sources.heard), "archive_since",
		json_time(r->archive_since), "losses", (json_int_t)r->losses, "healthy",
		json_share(report_share(r->healthy, r->watched)), "source_hours_healthy",
		(json_int_t)r->healthy, "source_hours", (json_int_t)r->watched,
		"hours_recorded", (json_int_t)r->hours, "hours",
		(json_int_t)report_hours(&r->period));
	text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text)
		return -ENOMEM;
	buf_add_str(out, text);
	buf_add_char(out, '\n');
	free(text);
	return buf_result(out);
}

/* A sentence with its parts for each "{}". */
static void say(struct paper *p, struct buf *out, enum report_word w, const struct span *parts)
{
	const char *text = word(p, w);

	for (const char *open; (open = strstr(text, "{}")); text = open + 2) {
		buf_add(out, span_of(text, (size_t)(open - text)));
		buf_add(out, *parts++);
	}
	buf_add_str(out, text);
}

int report_brief(struct buf *out, const struct report *report, struct span lang)
{
	struct paper p = {.lang = lang, .report = report};
	const struct tallies *b = &report->brands, *s = &report->stories;
	const struct span volume[] = {number_cell(&p, report->mentions).text,
		number_cell(&p, report->mentions_before).text,
		percent_cell(&p, report_change(report->mentions, report->mentions_before), true)
			.text};
	const struct span coverage =
		percent_cell(&p, report_share(report->healthy, report->watched), false).text;
	int r;

	say(&p, out, W_BRIEF_VOLUME, volume);
	if (b->heard)
		buf_addf(out, " %s:", word(&p, W_VOICE));
	for (size_t i = 0; i < b->heard && i < BRIEF_NAMES; i++) {
		const struct span share =
			percent_cell(&p, report_share(b->items[i].n, b->sum), false).text;

		buf_addf(out, "%s %.*s %.*s", i ? "," : "", SPAN_ARG(b->items[i].name),
			SPAN_ARG(share));
	}
	buf_add_str(out, b->heard ? "." : "");
	if (s->heard)
		say(&p, out, W_BRIEF_STORY,
			(const struct span[]){number_cell(&p, s->items[0].n).text,
				utf8_prefix(title_of(&p, &s->items[0]), BRIEF_TITLE)});
	say(&p, out, W_BRIEF_COVERAGE, &coverage);
	r = p.failed ? -ENOMEM : buf_result(out);
	arena_release(&p.arena);
	return r;
}

int report_write(struct buf *out, const struct report *report, const struct span *day_names,
	enum report_format format, struct span lang)
{
	struct paper p = {.lang = lang, .report = report};
	int r;

	if (format == REPORT_JSON)
		return write_json(out, &p, day_names);
	add_volume(&p);
	add_voice(&p);
	add_days(&p, day_names);
	add_stories(&p);
	add_sources(&p);
	add_authors(&p);
	add_alerts(&p);
	add_coverage(&p);
	write_paper(out, &p, day_names, format);
	r = p.failed ? -ENOMEM : buf_result(out);
	arena_release(&p.arena);
	return r;
}
