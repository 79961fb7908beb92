#include "line/archive_mention.h"

#include <errno.h>
#include <stdlib.h>

#include "line/codec_hit.h"
#include "line/codec_hit_fields.h"
#include "line/json_text.h"
#include "vigie/cleanup.h"
#include "vigie/story.h"

/* `update` says how a hit came, not what it is, and of a deleted one nothing is left that could
 * say so but the audit: they have no column. */
static bool has_column(const struct hit_field *f)
{
	return f->offset != offsetof(struct hit, update) &&
	       f->offset != offsetof(struct hit, deleted);
}

/* Of an item that comes again: whence it first came, and whether it was news, stay. */
static bool changes(const struct hit_field *f)
{
	return f->offset != offsetof(struct hit, silent) &&
	       f->offset != offsetof(struct hit, source) &&
	       f->offset != offsetof(struct hit, source_kind) &&
	       f->offset != offsetof(struct hit, source_tags);
}

/* --- Writing
 * ---------------------------------------------------------------------------------- */

enum { INSERT_KEY = 1, INSERT_AT, INSERT_FIRST_SEEN, INSERT_FIELDS };
enum { UPDATE_MENTION = 1, UPDATE_AT, UPDATE_REVISION, UPDATE_FIELDS };

struct archive_writer {
	struct archive_db *db;
	struct archive_sql *known;
	struct archive_sql *insert;
	struct archive_sql *update;
	struct archive_sql *unspan;
	struct archive_sql *match;
	struct archive_sql *match_late;
	struct archive_sql *score;
	struct archive_sql *count;
	struct archive_sql *bury;
	struct archive_sql *note;
	struct buf text; /* lists and spans of the row being bound */
	struct arena arena;
};

static const char known_sql[] =
	"SELECT mention, fetched, first_seen, revision,"
	" title IS ?2 AND text IS ?3 AND author_name IS ?4 AND author_handle IS ?5"
	" FROM mentions WHERE key = ?1";
static const char unspan_sql[] = "UPDATE matches SET spans = '[]' WHERE mention = ?1";
#define MATCH_INSERT                                                                           \
	"INSERT INTO matches (mention, rule, version, kind, brand, tags, weight, spans, "      \
	"revision,"                                                                            \
	" position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (mention, "   \
	"rule) DO "
static const char match_sql[] = MATCH_INSERT
	"UPDATE SET version = excluded.version, kind = excluded.kind, brand = excluded.brand,"
	" tags = excluded.tags, weight = excluded.weight, spans = excluded.spans,"
	" revision = excluded.revision, position = excluded.position";
static const char match_late_sql[] = MATCH_INSERT "NOTHING";
static const char score_sql[] =
	"UPDATE mentions SET score = (SELECT total(weight) FROM matches WHERE mention = ?1)"
	" WHERE mention = ?1";

static const char count_sql[] =
	"INSERT INTO counts (at, brand, kind, n) VALUES (?1, ?2, ?3, 1)"
	" ON CONFLICT (at, brand) DO UPDATE SET n = n + 1, kind = min(kind, excluded.kind)";
/* What was said, and who said it. What is counted (when, where, by which rules) stays. */
static const char bury_sql[] =
	"UPDATE mentions SET revision = revision + 1, content_hash = 0, url = NULL, title = "
	"NULL,"
	" text = NULL, author_name = NULL, author_handle = NULL, author_url = NULL,"
	" followers = NULL, tags = NULL, parent = NULL, media = NULL, place_name = NULL,"
	" place_country = NULL, lat = NULL, lon = NULL, fetched = ?2 WHERE mention = ?1";
static const char note_sql[] =
	"INSERT INTO audit (at, actor, action, subject, detail)"
	" VALUES (?1, ?2, 'deleted', ?3, 'its network shows it as deleted')";

static void insert_text(struct buf *out)
{
	int n = INSERT_FIELDS;

	buf_add_str(out, "INSERT INTO mentions (key, at, first_seen, revision");
	for (size_t i = 0; i < hit_fields_n; i++)
		if (has_column(&hit_fields[i]))
			buf_addf(out, ", %s", hit_fields[i].name);
	buf_add_str(out, ") VALUES (?1, ?2, ?3, 1");
	for (size_t i = 0; i < hit_fields_n; i++)
		if (has_column(&hit_fields[i]))
			buf_addf(out, ", ?%d", n++);
	buf_add_char(out, ')');
}

static void update_text(struct buf *out)
{
	int n = UPDATE_FIELDS;

	buf_add_str(out, "UPDATE mentions SET at = ?2, revision = ?3");
	for (size_t i = 0; i < hit_fields_n; i++)
		if (has_column(&hit_fields[i]) && changes(&hit_fields[i]))
			buf_addf(out, ", %s = ?%d", hit_fields[i].name, n++);
	buf_add_str(out, " WHERE mention = ?1");
}

static int prepare(struct archive_writer *w)
{
	const struct {
		struct archive_sql **sql;
		const char *text;
		void (*write)(struct buf *out);
	} statements[] = {
		{&w->known, known_sql, NULL},
		{&w->insert, NULL, insert_text},
		{&w->update, NULL, update_text},
		{&w->unspan, unspan_sql, NULL},
		{&w->match, match_sql, NULL},
		{&w->match_late, match_late_sql, NULL},
		{&w->score, score_sql, NULL},
		{&w->count, count_sql, NULL},
		{&w->bury, bury_sql, NULL},
		{&w->note, note_sql, NULL},
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		const char *text = statements[i].text;
		int r;

		if (!text) {
			buf_clear(&w->text);
			statements[i].write(&w->text);
			r = buf_result(&w->text);
			if (r < 0)
				return r;
			text = w->text.p;
		}
		r = archive_sql_new(statements[i].sql, w->db, text);
		if (r < 0)
			return r;
	}
	return 0;
}

int archive_writer_new(struct archive_writer **ret, struct archive_db *db)
{
	struct archive_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->db = db;
	r = prepare(w);
	if (r < 0) {
		archive_writer_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

struct archive_writer *archive_writer_free(struct archive_writer *w)
{
	if (!w)
		return NULL;
	archive_sql_free(w->known);
	archive_sql_free(w->insert);
	archive_sql_free(w->update);
	archive_sql_free(w->unspan);
	archive_sql_free(w->match);
	archive_sql_free(w->match_late);
	archive_sql_free(w->score);
	archive_sql_free(w->count);
	archive_sql_free(w->bury);
	archive_sql_free(w->note);
	buf_deinit(&w->text);
	arena_release(&w->arena);
	free(w);
	return NULL;
}

/* A JSON list in the writer's arena; none for an empty one. */
static int list_text(
	struct span *ret, struct archive_writer *w, const struct span *list, size_t n)
{
	*ret = SPAN_NONE;
	if (!n)
		return 0;
	buf_clear(&w->text);
	json_add_strings(&w->text, list, n);
	if (buf_result(&w->text) < 0)
		return -ENOMEM;
	*ret = arena_dup(&w->arena, buf_span(&w->text));
	return ret->p ? 0 : -ENOMEM;
}

static int bind_field(struct archive_writer *w, struct archive_sql *sql, int column,
	const struct hit *hit, const struct hit_field *f)
{
	const void *at = hit_field_at(hit, f);
	struct span list;
	int r;

	switch (f->type) {
	case HIT_TEXT:
		archive_bind_text(sql, column, *(const struct span *)at);
		break;
	case HIT_LIST:
		r = list_text(
			&list, w, *(const struct span *const *)at, hit_field_count(hit, f));
		if (r < 0)
			return r;
		archive_bind_text(sql, column, list);
		break;
	case HIT_TIME:
		if (wall_known(*(const struct wall *)at))
			archive_bind_int(sql, column, ((const struct wall *)at)->ms);
		else
			archive_bind_null(sql, column);
		break;
	case HIT_NUMBER:
		archive_bind_number(sql, column, *(const double *)at);
		break;
	case HIT_FLAG:
		archive_bind_int(sql, column, *(const bool *)at);
		break;
	case HIT_KIND:
		archive_bind_text(
			sql, column, span_str(item_kind_names[*(const enum item_kind *)at]));
		break;
	case HIT_HASH:
		archive_bind_int(sql, column, (int64_t) * (const uint64_t *)at);
		break;
	}
	return 0;
}

static int64_t fetched_ms(const struct hit *hit)
{
	return wall_known(hit->fetched) ? hit->fetched.ms : 0;
}

static int insert_mention(struct archive_writer *w, const struct hit *hit)
{
	const struct wall at = hit->item.published;
	int column = INSERT_FIELDS, r;

	archive_bind_blob(
		w->insert, INSERT_KEY, span_of((const char *)hit->key.b, ITEM_KEY_BYTES));
	archive_bind_int(w->insert, INSERT_AT, wall_known(at) ? at.ms : fetched_ms(hit));
	archive_bind_int(w->insert, INSERT_FIRST_SEEN, fetched_ms(hit));
	for (size_t i = 0; i < hit_fields_n; i++) {
		if (!has_column(&hit_fields[i]))
			continue;
		r = bind_field(w, w->insert, column++, hit, &hit_fields[i]);
		if (r < 0) {
			archive_sql_reset(w->insert);
			return r;
		}
	}
	return archive_sql_run(w->insert);
}

struct known {
	bool found;
	int64_t mention;
	int64_t fetched;
	int64_t first_seen;
	int64_t revision;
	bool same_text;
};

static int look_up(struct known *ret, struct archive_writer *w, const struct hit *hit)
{
	int r;

	archive_bind_blob(w->known, 1, span_of((const char *)hit->key.b, ITEM_KEY_BYTES));
	archive_bind_text(w->known, 2, hit->item.title);
	archive_bind_text(w->known, 3, hit->item.text);
	archive_bind_text(w->known, 4, hit->item.author.name);
	archive_bind_text(w->known, 5, hit->item.author.handle);
	r = archive_sql_step(w->known);
	*ret = (struct known){0};
	if (r == ARCHIVE_ROW)
		*ret = (struct known){
			.found = true,
			.mention = archive_column_int(w->known, 0),
			.fetched = archive_column_int(w->known, 1),
			.first_seen = archive_column_int(w->known, 2),
			.revision = archive_column_int(w->known, 3),
			.same_text = archive_column_int(w->known, 4) != 0,
		};
	archive_sql_reset(w->known);
	return r < 0 ? r : 0;
}

static int update_mention(
	struct archive_writer *w, const struct hit *hit, const struct known *known)
{
	const struct wall at = hit->item.published;
	int column = UPDATE_FIELDS, r;

	archive_bind_int(w->update, UPDATE_MENTION, known->mention);
	archive_bind_int(w->update, UPDATE_AT, wall_known(at) ? at.ms : known->first_seen);
	archive_bind_int(w->update, UPDATE_REVISION, known->revision);
	for (size_t i = 0; i < hit_fields_n; i++) {
		if (!has_column(&hit_fields[i]) || !changes(&hit_fields[i]))
			continue;
		r = bind_field(w, w->update, column++, hit, &hit_fields[i]);
		if (r < 0) {
			archive_sql_reset(w->update);
			return r;
		}
	}
	return archive_sql_run(w->update);
}

/* with_spans: the text the match speaks of is the one that stands. */
static int write_match(struct archive_writer *w, struct archive_sql *sql, const struct match *m,
	int position, const struct known *known, bool with_spans)
{
	struct span tags;
	int r = list_text(&tags, w, m->tags, m->n_tags);

	if (r < 0)
		return r;
	buf_clear(&w->text);
	hit_spans_encode(&w->text, m->spans, with_spans ? m->n_spans : 0);
	r = buf_result(&w->text);
	if (r < 0)
		return r;
	archive_bind_int(sql, 1, known->mention);
	archive_bind_word(sql, 2, m->rule);
	archive_bind_text(sql, 3, m->version);
	archive_bind_text(sql, 4, m->kind);
	archive_bind_text(sql, 5, m->brand);
	archive_bind_text(sql, 6, tags);
	archive_bind_number(sql, 7, isnan(m->weight) ? 0 : m->weight);
	archive_bind_text(sql, 8, buf_span(&w->text));
	archive_bind_int(sql, 9, with_spans ? known->revision : 0);
	archive_bind_int(sql, 10, position);
	return archive_sql_run(sql);
}

static int write_matches(struct archive_writer *w, struct archive_sql *sql,
	const struct hit *hit, const struct known *known, bool with_spans)
{
	int r = 0;

	for (size_t i = 0; i < hit->n_matches && r == 0; i++)
		r = write_match(w, sql, &hit->matches[i], (int)i, known, with_spans);
	return r;
}

static int run_on_mention(struct archive_sql *sql, int64_t mention)
{
	archive_bind_int(sql, 1, mention);
	return archive_sql_run(sql);
}

static int write_again(struct archive_writer *w, const struct hit *hit, struct known *known)
{
	const bool later = fetched_ms(hit) >= known->fetched;
	int r = 0;

	if (later && !known->same_text) {
		known->revision++;
		r = run_on_mention(w->unspan, known->mention);
	}
	if (r == 0 && later)
		r = update_mention(w, hit, known);
	if (r == 0)
		r = write_matches(w, later ? w->match : w->match_late, hit, known,
			later || known->same_text);
	if (r == 0)
		r = run_on_mention(w->score, known->mention);
	return r;
}

static bool of_brand(const struct match *m)
{
	return !span_empty(m->brand) &&
	       (span_eq_str(m->kind, "brand") || span_eq_str(m->kind, "competitor"));
}

/* Each brand once, in the five minutes it was said in; what claims to be of the future is of
 * now. */
static int write_counts(struct archive_writer *w, const struct hit *hit)
{
	const struct wall said = hit->item.published;
	const int64_t seen = fetched_ms(hit);
	const int64_t at = wall_known(said) && said.ms < seen ? said.ms : seen;
	int r = 0;

	for (size_t i = 0; i < hit->n_matches && r == 0; i++) {
		const struct match *m = &hit->matches[i];
		bool known = !of_brand(m);

		for (size_t k = 0; k < i && !known; k++)
			known = of_brand(&hit->matches[k]) &&
				span_eq(hit->matches[k].brand, m->brand);
		if (known)
			continue;
		archive_bind_int(w->count, 1, at / ARCHIVE_COUNT_MS * ARCHIVE_COUNT_MS);
		archive_bind_word(w->count, 2, m->brand);
		archive_bind_word(w->count, 3, m->kind);
		r = archive_sql_run(w->count);
	}
	return r;
}

/* The text goes; that it went is written down, once. */
static int bury(struct archive_writer *w, const struct hit *hit, const struct known *known)
{
	char key[ITEM_KEY_TEXT + 1];
	int r;

	if (known->same_text) /* as empty as the hit that says so */
		return 0;
	r = run_on_mention(w->unspan, known->mention);
	if (r == 0) {
		archive_bind_int(w->bury, 1, known->mention);
		archive_bind_int(w->bury, 2, fetched_ms(hit));
		r = archive_sql_run(w->bury);
	}
	if (r == 0) {
		archive_bind_int(w->note, 1, fetched_ms(hit));
		archive_bind_word(w->note, 2, hit->source);
		archive_bind_text(w->note, 3, span_str(item_key_text(key, &hit->key)));
		r = archive_sql_run(w->note);
	}
	return r;
}

int archive_write_hit(struct archive_writer *w, const struct hit *hit)
{
	struct known known;
	int r = look_up(&known, w, hit);

	if (r == 0 && hit->deleted) {
		r = known.found ? bury(w, hit, &known) : 0;
	} else if (r == 0 && known.found) {
		r = write_again(w, hit, &known);
	} else if (r == 0) {
		r = insert_mention(w, hit);
		known.mention = archive_db_last_rowid(w->db);
		known.revision = 1;
		if (r == 0)
			r = write_matches(w, w->match, hit, &known, true);
		if (r == 0)
			r = write_counts(w, hit);
		r = r < 0 ? r : ARCHIVE_FILED;
	}
	arena_release(&w->arena);
	return r;
}

/* --- Reading
 * ---------------------------------------------------------------------------------- */

struct archive_reading {
	struct archive_sql *matches;
	struct archive_sql *story;
	struct archive_sql *place;
	struct archive_sql *by_key;
};

void archive_mention_columns(struct buf *out)
{
	buf_add_str(out, "m.mention, m.key");
	for (size_t i = 0; i < hit_fields_n; i++)
		if (has_column(&hit_fields[i]))
			buf_addf(out, ", m.%s", hit_fields[i].name);
	buf_add_str(out, ", m.story, m.similarity, m.story_why");
}

int archive_reading_new(struct archive_reading **ret, struct archive_db *db)
{
	struct archive_reading *reading = calloc(1, sizeof(*reading));
	struct buf text = {0};
	int r;

	if (!reading)
		return -ENOMEM;
	buf_add_str(&text, "SELECT ");
	archive_mention_columns(&text);
	buf_add_str(&text, " FROM mentions m WHERE m.key = ?1");
	r = buf_result(&text);
	if (r == 0)
		r = archive_sql_new(&reading->by_key, db, text.p);
	if (r == 0)
		r = archive_sql_new(&reading->matches, db,
			"SELECT rule, version, kind, brand, tags, weight, spans FROM matches"
			" WHERE mention = ?1 ORDER BY position, rule");
	if (r == 0)
		r = archive_sql_new(&reading->story, db,
			"SELECT mentions, sites, number FROM stories WHERE head = ?1");
	if (r == 0)
		r = archive_sql_new(&reading->place, db,
			"SELECT story, similarity, story_why FROM mentions WHERE key = ?1");
	buf_deinit(&text);
	if (r < 0) {
		archive_reading_free(reading);
		return r;
	}
	*ret = reading;
	return 0;
}

struct archive_reading *archive_reading_free(struct archive_reading *reading)
{
	if (!reading)
		return NULL;
	archive_sql_free(reading->matches);
	archive_sql_free(reading->story);
	archive_sql_free(reading->place);
	archive_sql_free(reading->by_key);
	free(reading);
	return NULL;
}

static int read_list(const struct span **ret, size_t *ret_n, struct arena *arena,
	struct archive_sql *row, int column)
{
	*ret = NULL;
	*ret_n = 0;
	if (archive_column_null(row, column))
		return 0;
	return hit_strings_decode(ret, ret_n, arena, archive_column_span(row, column));
}

static int read_field(struct hit *hit, const struct hit_field *f, struct arena *arena,
	struct archive_sql *row, int column)
{
	void *at = hit_field_of(hit, f);
	const struct span *list;
	struct span text;
	size_t n;
	int r;

	switch (f->type) {
	case HIT_TEXT:
		return archive_column_dup(at, arena, row, column);
	case HIT_LIST:
		r = read_list(&list, &n, arena, row, column);
		if (r == 0)
			hit_field_set_list(hit, f, list, n);
		return r;
	case HIT_TIME:
		*(struct wall *)at = archive_column_null(row, column)
					     ? WALL_NONE
					     : (struct wall){archive_column_int(row, column)};
		return 0;
	case HIT_NUMBER:
		*(double *)at = archive_column_number(row, column);
		return 0;
	case HIT_FLAG:
		*(bool *)at = archive_column_int(row, column) != 0;
		return 0;
	case HIT_KIND:
		text = archive_column_span(row, column);
		for (int i = 0; i < ITEM_KINDS; i++)
			if (span_eq_str(text, item_kind_names[i]))
				*(enum item_kind *)at = (enum item_kind)i;
		return 0;
	case HIT_HASH:
		*(uint64_t *)at = (uint64_t)archive_column_int(row, column);
		return 0;
	}
	return 0;
}

static int read_match(struct match *ret, struct arena *arena, struct archive_sql *row,
	const struct item *item)
{
	struct match m = {.weight = archive_column_number(row, 5)};
	int r = archive_column_dup(&m.rule, arena, row, 0);

	if (r == 0)
		r = archive_column_dup(&m.version, arena, row, 1);
	if (r == 0)
		r = archive_column_dup(&m.kind, arena, row, 2);
	if (r == 0)
		r = archive_column_dup(&m.brand, arena, row, 3);
	if (r == 0)
		r = read_list(&m.tags, &m.n_tags, arena, row, 4);
	if (r == 0)
		r = hit_spans_decode(
			&m.spans, &m.n_spans, arena, archive_column_span(row, 6), item);
	*ret = m;
	return r;
}

static int read_matches(
	struct archive_reading *reading, struct hit *hit, struct arena *arena, int64_t mention)
{
	struct match *list = NULL;
	size_t n = 0, capacity = 0;
	int r;

	archive_bind_int(reading->matches, 1, mention);
	while ((r = archive_sql_step(reading->matches)) == ARCHIVE_ROW) {
		if (n == capacity) {
			struct match *bigger;

			capacity = capacity ? capacity * 2 : 4;
			bigger = arena_calloc(arena, capacity, sizeof(*bigger));
			if (!bigger) {
				r = -ENOMEM;
				break;
			}
			if (n)
				memcpy(bigger, list, n * sizeof(*list));
			list = bigger;
		}
		r = read_match(&list[n], arena, reading->matches, &hit->item);
		if (r < 0)
			break;
		n++;
	}
	archive_sql_reset(reading->matches);
	hit->matches = list;
	hit->n_matches = n;
	return r;
}

/* From the row's columns on; a mention without a story keeps a place of no mentions. */
static int read_story(struct archive_reading *reading, struct story_place *ret,
	struct archive_sql *row, int column)
{
	const struct span head = archive_column_span(row, column);
	struct span why;
	int r;

	if (head.n != ITEM_KEY_BYTES)
		return 0;
	memcpy(ret->head.b, head.p, ITEM_KEY_BYTES);
	ret->similarity = archive_column_number(row, column + 1);
	why = archive_column_span(row, column + 2);
	for (int i = STORY_HEAD; i <= STORY_PART; i++)
		if (span_eq_str(why, story_why_names[i]))
			ret->why = (enum story_why)i;
	archive_bind_blob(reading->story, 1, head);
	r = archive_sql_step(reading->story);
	if (r == ARCHIVE_ROW) {
		ret->mentions = (uint32_t)archive_column_int(reading->story, 0);
		ret->sites = (uint32_t)archive_column_int(reading->story, 1);
		ret->number = (uint64_t)archive_column_int(reading->story, 2);
	}
	archive_sql_reset(reading->story);
	return r < 0 ? r : 0;
}

int archive_read_row(struct archive_reading *reading, struct hit *ret, struct arena *arena,
	struct archive_sql *row)
{
	const int64_t mention = archive_column_int(row, ARCHIVE_COLUMN_MENTION);
	const struct span key = archive_column_span(row, ARCHIVE_COLUMN_KEY);
	struct hit hit = {.item = item_empty()};
	int column = ARCHIVE_COLUMN_FIELDS, r = 0;

	if (key.n == ITEM_KEY_BYTES)
		memcpy(hit.key.b, key.p, ITEM_KEY_BYTES);
	for (size_t i = 0; i < hit_fields_n && r == 0; i++)
		if (has_column(&hit_fields[i]))
			r = read_field(&hit, &hit_fields[i], arena, row, column++);
	if (r == 0)
		r = read_matches(reading, &hit, arena, mention);
	if (r == 0)
		r = read_story(reading, &hit.story, row, column);
	if (r == 0)
		*ret = hit;
	return r;
}

int archive_read_key(struct archive_reading *reading, struct hit *ret, struct arena *arena,
	const struct item_key *key)
{
	int r;

	archive_bind_blob(reading->by_key, 1, span_of((const char *)key->b, ITEM_KEY_BYTES));
	r = archive_sql_step(reading->by_key);
	if (r == ARCHIVE_ROW) {
		r = archive_read_row(reading, ret, arena, reading->by_key);
		r = r < 0 ? r : 1;
	}
	archive_sql_reset(reading->by_key);
	return r;
}

int archive_read_place(
	struct archive_reading *reading, struct story_place *ret, const struct item_key *key)
{
	struct story_place place = {.why = STORY_HEAD};
	int r;

	archive_bind_blob(reading->place, 1, span_of((const char *)key->b, ITEM_KEY_BYTES));
	r = archive_sql_step(reading->place);
	if (r == ARCHIVE_ROW)
		r = read_story(reading, &place, reading->place, 0);
	archive_sql_reset(reading->place);
	if (r < 0)
		return r;
	*ret = place;
	return place.mentions > 0;
}
