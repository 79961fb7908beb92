#ifndef VIGIE_RUN_HOUSE_H
#define VIGIE_RUN_HOUSE_H

/*
 * run_house: the running daemon as one struct, which run.c builds and takes down. Private to run.c
 * and run_asked.c.
 */

#include "control.h"
#include "desk_asking.h"
#include "line/accounts.h"
#include "line/archive.h"
#include "line/archive_passed_over.h"
#include "line/crawl.h"
#include "line/detect.h"
#include "line/dispatch.h"
#include "line/keep.h"
#include "line/post.h"
#include "line/queue.h"
#include "line/rules_seen.h"
#include "line/sift.h"
#include "mention_page.h"
#include "printer.h"
#include "recent.h"
#include "reports.h"
#include "run.h"

struct vigie {
	struct run_options options;
	struct arena arena; /* paths and texts of the start */
	struct config *config;
	int lock;
	struct loop *loop;
	struct heap *heap;
	struct pool *pool;
	struct archive *archive;
	struct archive_passed_over *passed_over; /* NULL: not kept */
	struct redis_server *server;
	struct queue *queue;
	struct keep *keep;
	struct dispatch *dispatch;
	struct detect *detect;
	struct reports *reports;
	struct post *post;
	struct resolve *resolve;
	struct transfer *crawling, *delivering;
	struct accounts *accounts;
	struct crawl *crawl;
	struct sift *sift;
	struct control *control;
	struct rules_seen *rules_seen;
	struct recent *recent;
	struct mention_page *mention_page;
	struct desk_asking *desk_asking;
	struct on_signal *on_term, *on_int, *on_hup;
	struct timer *drain, *watchdog;
	struct mono drain_until;
	struct printer_style style;
	struct wall started;
	struct span redis_trouble, archive_trouble; /* heap */
	bool ready, stopping;
	int status;
};

/* Where Redis is, without the password of its URL. A part of the configuration. */
struct span redis_for_people(const struct config *config);

/* run_asked.c: what it answers. `arg` is the struct vigie; the shapes are those of control.h and, of
 * the last, of line/crawl.h. */
void asked_status(void *arg, struct status_view *ret);
void asked_deliveries(void *arg, struct http_ask *ask);
void asked_reports(void *arg, struct http_ask *ask);
void asked_spend(void *arg, struct http_ask *ask);
void asked_desk(void *arg, struct http_ask *ask);
void asked_mentions(void *arg, struct buf *out);
void asked_mention(void *arg, struct http_ask *ask, const struct item_key *key);
void asked_states(void *arg, const struct source *const *sources, size_t n);

#endif
