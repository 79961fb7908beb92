/*
 * channel_email: a complete Internet message (RFC 5322) with plain text and HTML, handed to an
 * SMTP server. No pictures, no scripts, nothing that tells the sender it was read.
 */

#include "answer.h"
#include "channels.h"
#include "dress.h"
#include "mime.h"
#include "vigie/utf8.h"

enum { SUBJECT_CHARS = 180, TITLE_CHARS = 300, WIDTH = 72 };

static const struct text_style plain = {.escape = text_escape_none};
static const struct text_style stars = {text_escape_none, "*", "*", false, TEXT_UTF16};
static const struct text_style html = {.escape = text_escape_html};
static const struct text_style html_marks = {text_escape_html,
	"<mark style=\"background:#ffe58a;color:inherit;padding:0 2px\">", "</mark>", false,
	TEXT_UTF16};

/* Who writes to whom, checked. */
struct envelope {
	struct span from;
	struct span bounce; /* the envelope's sender */
	struct span *to;
	size_t n_to;
	struct span host; /* the right side of the ids */
};

static bool is_host(struct span host)
{
	const struct span probe = SPAN("x@");
	char text[256];

	if (host.n + probe.n > 250 || span_find(host, '.') == host.n)
		return false;
	memcpy(text, probe.p, probe.n);
	memcpy(text + probe.n, host.p, host.n);
	return mime_address_ok(span_of(text, host.n + probe.n));
}

static int envelope_make(struct envelope *ret, const struct receiver *receiver,
	const struct render_context *context, struct arena *arena, struct span *ret_why)
{
	struct envelope e = {.from = receiver_get(receiver, "from")};
	const struct span host = is_host(context->host) ? context->host : SPAN("localhost");

	e.to = arena_calloc(arena, receiver->n_fields + 1, sizeof(*e.to));
	if (span_empty(e.from))
		e.from = arena_printf(arena, "vigie@%.*s", SPAN_ARG(host));
	if (!e.to || !e.from.p)
		return -ENOMEM;
	for (size_t i = 0; i < receiver->n_fields; i++) {
		const struct receiver_field *f = &receiver->fields[i];

		if (!span_eq_str(f->name, "to"))
			continue;
		if (!mime_address_ok(f->value))
			return dress_refuse(ret_why, "an address in `to` is not a plain ASCII "
						     "one: write name@example.org, an "
						     "international domain as xn--…");
		e.to[e.n_to++] = f->value;
	}
	if (!e.n_to)
		return dress_refuse(ret_why, "no address in `to`");
	if (!mime_address_ok(e.from))
		return dress_refuse(ret_why, "`from` is not a plain ASCII address");
	e.bounce = receiver_get(receiver, "bounce");
	if (span_empty(e.bounce))
		e.bounce = e.from;
	if (!mime_address_ok(e.bounce))
		return dress_refuse(ret_why, "`bounce` is not a plain ASCII address");
	e.host = is_host(context->host) ? context->host : mime_domain(e.from);
	*ret = e;
	return 0;
}

/* Lines of at most WIDTH columns, each behind `indent`. A word longer than that stays whole. */
static void add_wrapped(struct buf *out, struct span text, const char *indent)
{
	size_t column = 0;

	for (size_t i = 0; i < text.n;) {
		const size_t end = i + span_find(span_slice(text, i, text.n), ' ');
		const struct span w = span_slice(text, i, end);
		const size_t width = utf8_length(w);

		if (column && column + 1 + width > WIDTH) {
			buf_add_char(out, '\n');
			column = 0;
		}
		buf_add_str(out, column ? " " : indent);
		column += column ? 1 : strlen(indent);
		buf_add(out, w);
		column += width;
		i = end + 1;
	}
	buf_add_char(out, '\n');
}

static void wrap_marked(struct buf *out, const struct marked *text,
	const struct text_style *style, size_t limit, const char *indent)
{
	struct buf line = {0};

	(void)text_write(&line, text, style, limit);
	out->failed = out->failed || line.failed;
	add_wrapped(out, buf_span(&line), indent);
	buf_deinit(&line);
}

static int plain_part(struct buf *out, const struct message *m, const struct alert *alert,
	struct arena *arena, const struct render_context *context)
{
	const struct span tail = dress_tail(arena, m, m->n_more);

	if (!tail.p)
		return -ENOMEM;
	if (alert->report) {
		/* Tables stay as wide as they are. */
		buf_add(out, alert->report->markdown);
		buf_addf(out, "\n-- \n%.*s\n", SPAN_ARG(tail));
		return 0;
	}
	add_wrapped(out, m->headline, "");
	for (size_t i = 0; i < m->n_entries; i++) {
		const struct message_entry *e = &m->entries[i];
		const struct span details = dress_details(arena, e);
		const struct span page = dress_dashboard(arena, e, context);

		if (!details.p || !page.p)
			return -ENOMEM;
		buf_add_str(out, "\n");
		wrap_marked(out, &e->title, &stars, TITLE_CHARS, "");
		if (!span_empty(e->link))
			buf_addf(out, "%.*s\n", SPAN_ARG(e->link));
		add_wrapped(out, details, "");
		if (e->excerpt.text.n) {
			buf_add_str(out, "\n");
			wrap_marked(out, &e->excerpt, &stars, SIZE_MAX / 2, "  ");
		}
		buf_addf(out, "\n%s\n", word(m->words, WORD_WHY));
		add_wrapped(out, e->why, "  ");
		if (!span_empty(page))
			buf_addf(out, "%.*s\n", SPAN_ARG(page));
	}
	buf_addf(out, "\n-- \n%.*s\n%s\n", SPAN_ARG(tail), word(m->words, WORD_MAIL_FOOTER));
	return 0;
}

static void add_paragraph(struct buf *out, const char *style, struct span text)
{
	if (span_empty(text))
		return;
	buf_addf(out, "<p style=\"%s\">", style);
	(void)text_write_span(out, text, &html, SIZE_MAX / 2);
	buf_add_str(out, "</p>\n");
}

static void add_link(struct buf *out, struct span link)
{
	buf_add_str(out, "<a href=\"");
	(void)text_write_span(out, link, &html, SIZE_MAX / 2);
	buf_add_str(out, "\">");
}

static int html_entry(struct buf *out, const struct message *m, const struct message_entry *e,
	struct arena *arena, const struct render_context *context)
{
	const struct span details = dress_details(arena, e);
	const struct span page = dress_dashboard(arena, e, context);

	if (!details.p || !page.p)
		return -ENOMEM;
	buf_add_str(out, "<div style=\"border-left:4px solid #b00020;padding:2px 0 2px 14px;"
			 "margin:0 0 24px\">\n<h2 style=\"font-size:17px;margin:0 0 4px\">");
	if (!span_empty(e->link))
		add_link(out, e->link);
	(void)text_write(out, &e->title, &html_marks, TITLE_CHARS);
	buf_addf(out, "%s</h2>\n", span_empty(e->link) ? "" : "</a>");
	add_paragraph(out, "color:#666;font-size:13px;margin:0 0 10px", details);
	if (e->excerpt.text.n) {
		buf_add_str(out, "<p style=\"margin:0 0 10px\">");
		(void)text_write(out, &e->excerpt, &html_marks, SIZE_MAX / 2);
		buf_add_str(out, "</p>\n");
	}
	buf_addf(out, "<p style=\"color:#666;font-size:13px;margin:0\"><b>%s</b> ",
		word(m->words, WORD_WHY));
	(void)text_write_span(out, e->why, &html, SIZE_MAX / 2);
	buf_add_str(out, "</p>\n");
	if (!span_empty(page)) {
		buf_add_str(out, "<p style=\"font-size:13px;margin:8px 0 0\">");
		add_link(out, page);
		buf_addf(out, "%s</a></p>\n", word(m->words, WORD_OPEN_VIGIE));
	}
	buf_add_str(out, "</div>\n");
	return 0;
}

static int html_part(struct buf *out, const struct message *m, const struct alert *alert,
	struct arena *arena, const struct render_context *context)
{
	const struct span tail = dress_tail(arena, m, m->n_more);

	if (!tail.p)
		return -ENOMEM;
	if (alert->report) {
		buf_add(out, alert->report->html);
		return 0;
	}
	buf_addf(out,
		"<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n<title>",
		m->words->lang);
	(void)text_write_span(out, m->headline, &html, SIZE_MAX / 2);
	buf_add_str(out,
		"</title></head>\n<body style=\"font:15px/1.5 -apple-system,'Segoe UI',"
		"Roboto,Helvetica,Arial,sans-serif;max-width:640px;margin:0 auto;"
		"padding:16px;overflow-wrap:anywhere\">\n<h1 style=\"font-size:20px;"
		"margin:0 0 18px\">");
	(void)text_write_span(out, m->headline, &html, SIZE_MAX / 2);
	buf_add_str(out, "</h1>\n");
	for (size_t i = 0; i < m->n_entries; i++)
		if (html_entry(out, m, &m->entries[i], arena, context) < 0)
			return -ENOMEM;
	add_paragraph(out, "color:#666;font-size:13px;margin:0", tail);
	add_paragraph(out, "color:#666;font-size:13px;margin:0",
		span_str(word(m->words, WORD_MAIL_FOOTER)));
	buf_add_str(out, "</body></html>\n");
	return 0;
}

static void add_to(struct buf *out, const struct envelope *e)
{
	buf_add_str(out, "To: ");
	for (size_t i = 0; i < e->n_to; i++)
		buf_addf(out, "%s<%.*s>", i ? ",\r\n " : "", SPAN_ARG(e->to[i]));
	buf_add_str(out, "\r\n");
}

/* "<mailto:…>" with what is special in a URL percent-encoded (RFC 6068). */
static void add_unsubscribe(struct buf *out, struct span address)
{
	buf_add_str(out, "List-Unsubscribe: <mailto:");
	for (size_t i = 0; i < address.n; i++) {
		if (strchr("%&?/#='`{|}^!*", address.p[i]))
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)address.p[i]);
		else
			buf_add_char(out, address.p[i]);
	}
	buf_add_str(out, "?subject=unsubscribe>\r\n");
}

/* All mails of a group and day hang under one made-up root (RFC 5322 section 3.6.4). */
static int add_ids(struct buf *out, const struct envelope *e, const struct alert *alert,
	struct arena *arena)
{
	const struct hit *first = alert->hits[0];
	const struct span group = mime_label(arena, alert->group);
	const struct span rule =
		mime_label(arena, first->n_matches ? first->matches[0].rule : SPAN("alerts"));
	char day[RFC3339_SIZE];
	struct span root, list;

	if (!group.p || !rule.p)
		return -ENOMEM;
	(void)wall_rfc3339(day, alert->created);
	buf_addf(out, "Message-ID: <%.*s@%.*s>\r\n", SPAN_ARG(alert->id), SPAN_ARG(e->host));
	root = arena_printf(arena, "<group.%.*s.%.4s%.2s%.2s@%.*s>", SPAN_ARG(group), day,
		day[0] ? day + 5 : "", day[0] ? day + 8 : "", SPAN_ARG(e->host));
	list = arena_printf(arena, "<%.*s.%.*s>", SPAN_ARG(rule), SPAN_ARG(e->host));
	if (!root.p || !list.p)
		return -ENOMEM;
	mime_raw(out, "In-Reply-To", root);
	mime_raw(out, "References", root);
	mime_raw(out, "List-Id", list);
	return 0;
}

static int add_headers(struct buf *out, const struct envelope *e, const struct message *m,
	const struct receiver *receiver, const struct alert *alert, struct arena *arena)
{
	struct buf subject = {0};
	int r;

	buf_add_str(out, "Date: ");
	mime_date(out, alert->created);
	buf_add_str(out, "\r\n");
	r = mime_mailbox(out, arena, "From",
		span_empty(receiver_get(receiver, "name")) ? SPAN("vigie")
							   : receiver_get(receiver, "name"),
		e->from);
	if (r < 0)
		return r;
	add_to(out, e);
	buf_add_str(&subject, "[vigie] ");
	(void)text_write_span(&subject, m->summary, &plain, SUBJECT_CHARS);
	r = subject.failed ? -ENOMEM : mime_header(out, arena, "Subject", buf_span(&subject));
	buf_deinit(&subject);
	if (r < 0)
		return r;
	r = add_ids(out, e, alert, arena);
	if (r < 0)
		return r;
	add_unsubscribe(out, e->from);
	buf_add_str(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
			 "MIME-Version: 1.0\r\n");
	return 0;
}

static int add_part(struct buf *out, struct span boundary, const char *type,
	int (*write)(struct buf *, const struct message *, const struct alert *, struct arena *,
		const struct render_context *),
	const struct message *m, const struct alert *alert, struct arena *arena,
	const struct render_context *context)
{
	struct buf text = {0};
	int r = write(&text, m, alert, arena, context);

	if (r == 0)
		r = buf_result(&text);
	if (r == 0) {
		buf_addf(out,
			"--%.*s\r\nContent-Type: %s; charset=utf-8\r\n"
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
			SPAN_ARG(boundary), type);
		mime_quoted(out, buf_span(&text));
		buf_add_str(out, "\r\n");
	}
	buf_deinit(&text);
	return r;
}

/* The whole message in the arena. "=_" can't occur in quoted-printable, nor can the boundary.
 */
static int compose(struct span *ret, const struct envelope *e, const struct message *m,
	const struct receiver *receiver, const struct alert *alert,
	const struct render_context *context, struct arena *arena)
{
	const struct span boundary =
		arena_printf(arena, "=_vigie_%.*s", SPAN_ARG(span_slice(alert->id, 0, 40)));
	struct buf out = {0};
	int r = boundary.p ? add_headers(&out, e, m, receiver, alert, arena) : -ENOMEM;

	if (r == 0) {
		buf_addf(&out,
			"Content-Type: multipart/alternative;\r\n boundary=\"%.*s\"\r\n\r\n",
			SPAN_ARG(boundary));
		r = add_part(
			&out, boundary, "text/plain", plain_part, m, alert, arena, context);
	}
	if (r == 0)
		r = add_part(&out, boundary, "text/html", html_part, m, alert, arena, context);
	if (r == 0) {
		buf_addf(&out, "--%.*s--\r\n", SPAN_ARG(boundary));
		*ret = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
		r = ret->p ? 0 : -ENOMEM;
	}
	buf_deinit(&out);
	return r;
}

/* Clear text is for this machine only. */
static bool is_loopback(struct span url)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
	struct span host = span_slice(url, span_find(url, '/') + 2, url.n);

	host = span_slice(host, 0, span_find(host, '/'));
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		const struct span h = span_str(hosts[i]);

		if (span_starts(host, h) && (host.n == h.n || host.p[h.n] == ':'))
			return true;
	}
	return false;
}

/* The name we greet with stands as the path of an SMTP URL. */
static struct span server_url(struct span smtp, const struct envelope *e, struct arena *arena)
{
	const size_t authority = span_find(smtp, '/') + 2;
	const struct span rest = span_slice(smtp, authority, smtp.n);
	const size_t path = span_find(rest, '/');

	if (path + 1 < rest.n)
		return smtp;
	return arena_printf(arena, "%.*s/%.*s", SPAN_ARG(span_slice(smtp, 0, authority + path)),
		SPAN_ARG(e->host));
}

static int render(struct payload *ret, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, struct arena *arena,
	struct span *ret_why)
{
	struct span smtp = receiver_get(receiver, "smtp");
	struct span text, url;
	struct envelope e = {0};
	struct message m;
	int r;

	if (span_empty(smtp))
		smtp = SPAN("smtp://localhost:25");
	r = envelope_make(&e, receiver, context, arena, ret_why);
	if (r < 0)
		return r;
	r = dress_message(&m, receiver, alert, arena, ret_why);
	if (r < 0)
		return r;
	r = compose(&text, &e, &m, receiver, alert, context, arena);
	if (r < 0)
		return r;
	url = server_url(smtp, &e, arena);
	if (!url.p)
		return -ENOMEM;
	*ret = (struct payload){
		.kind = PAYLOAD_MAIL,
		.request = {.url = url, .body = text},
		.mail_from = e.bounce,
		.mail_to = e.to,
		.n_mail_to = e.n_to,
		.user = receiver_get(receiver, "user"),
		.password = receiver_get(receiver, "password"),
		.tls_required = !is_loopback(smtp),
	};
	return 0;
}

/* A mail server may take no others (RFC 6531 is an extension), and which it is shows only when
 * a message is to go out. */
static const char *check(const struct receiver *receiver)
{
	static const char *const names[] = {"to", "from", "bounce"};

	for (size_t i = 0; i < receiver->n_fields; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (span_eq_str(receiver->fields[i].name, names[k]) &&
				!mime_address_ok(receiver->fields[i].value))
				return "an address is not a plain ASCII one: write "
				       "name@example.org, an international domain as xn--…";
	return NULL;
}

static const struct channel_field fields[] = {
	{"to", FIELD_TYPE_ADDRESSES, true, NULL},
	{"from", FIELD_TYPE_ADDRESS, false, NULL},
	{"name", FIELD_TYPE_STRING, false, "vigie"},
	{"bounce", FIELD_TYPE_ADDRESS, false, NULL},
	{"smtp", FIELD_TYPE_SMTP_URL, false, "smtp://localhost:25"},
	{"user", FIELD_TYPE_STRING, false, NULL},
	{"password", FIELD_TYPE_SECRET, false, NULL},
	{NULL, FIELD_TYPE_STRING, false, NULL},
};

const struct channel channel_email = {.name = "email",
	.title = "e-mail",
	.fields = fields,
	.render = render,
	.judge = answer_judge_smtp,
	.check = check};
