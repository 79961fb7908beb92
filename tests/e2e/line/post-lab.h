#ifndef VIGIE_TESTS_POST_LAB_H
#define VIGIE_TESTS_POST_LAB_H

/*
 * post-lab: from the queue to the receiver: dispatch and post with a real Redis, a real
 * archive, and receivers that behave as origin.py's script says. Retries are run a million
 * times faster than people would wait for them, unless a test says otherwise.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "io/transfer.h"
#include "line/archive.h"
#include "line/codec_hit.h"
#include "line/dispatch.h"
#include "line/post.h"
#include "peer.h"
#include "queue-stand.h"
#include "vigie/channel.h"

enum { RECEIVERS = 3 };

struct post_lab {
	struct stand *s;
	struct peer origin, mailbox;
	struct transfer *transfer;
	struct archive *archive;
	struct post *post;
	struct dispatch *dispatch;
	double time_scale;
	char path[128];
	struct arena arena;
	struct receiver receivers[RECEIVERS];
	uint32_t everybody[RECEIVERS];
	struct policy policy;
	/* what came back */
	int answers, status;
	json_t *answer;
	char outcome[64];
};

struct post_lab *lab_new(struct stand *s);
void add_receiver(
	struct post_lab *d, const char *channel, struct receiver_field *fields, size_t n);
struct receiver_field *field(struct post_lab *d, const char *name, struct span value);
void add_hook(struct post_lab *d, const char *path);
void lab_open(struct post_lab *d);
void lab_close(struct post_lab *d);
void lab_free(struct post_lab *d);
void ask_origin(struct post_lab *d, const char *method, const char *path, const char *body);
void script(struct post_lab *d, const char *text);
json_t *arrived(struct post_lab *d, const char *path);
const char *header_of(json_t *request, const char *name);
struct span titles(struct post_lab *d, json_t *requests);
json_t *control(struct post_lab *d, const char *method, const char *path);
size_t count(struct post_lab *d, const char *state);
void until_count(struct post_lab *d, const char *state, size_t n);
void until_arrived(struct post_lab *d, const char *path, size_t n);
const char *ledger(struct post_lab *d, const char *title, int first, const char *receiver);
void archive_hits(struct post_lab *d, const struct batch *b);
void publish(struct post_lab *d, const char *title, int first, int n);

#endif
