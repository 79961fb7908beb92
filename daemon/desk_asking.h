#ifndef VIGIE_DESK_ASKING_H
#define VIGIE_DESK_ASKING_H

/*
 * desk_asking: who would hear of a document now, over the control socket: by the rules that
 * run, the stories that are open, and the desk as it is, with its silences, mutes, budgets and
 * groups. Nothing is filed or changed by it.
 *
 *  POST /desk/ask  a document, as for `vigie match`. Answers {"wanted": did a rule,
 *      "story": {"id","why","similarity","mentions","sites"} or null (one of its own),
 *      "answers": [{"receiver","route","group","outcome","at" or null,"why",
 *                   "budget": [{"most","per","used"}]}]}, or a sentence from 400 on.
 */

#include "config/config.h"
#include "io/http.h"
#include "line/dispatch_desk.h"

struct desk_asking;

int desk_asking_new(struct desk_asking **ret, struct archive *archive); /* 0 or -ENOMEM */
/* Answers what is still open. The archive must be freed before it, or the loop run no more. */
struct desk_asking *desk_asking_free(struct desk_asking *asking);

/* Answers, now or later. desk: as long as the archive answers; config: a reference is taken. */
void desk_asking_serve(struct desk_asking *asking, struct dispatch_desk *desk,
	struct config *config, struct wall now, struct http_ask *ask);

#endif
