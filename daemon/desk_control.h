#ifndef VIGIE_DESK_CONTROL_H
#define VIGIE_DESK_CONTROL_H

/*
 * desk_control: the desk for people, over the control socket: its numbers, silences and mutes
 * as JSON, and what an operator does to it, written down in the archive's audit.
 *
 *  GET /desk   {"receivers":[{"id","removed","candidates","sent",…,"used":[…]}],
 *               "silences":[{"id","receiver","match","author","comment","until"}],
 *               "mutes":[{"key","value","receiver","until"}]}
 *  POST /desk  {"do":"silence","match":{KEY:[TEXT,…]},"until":ms,"author","comment","receiver"}
 *              {"do":"unsilence","id"}
 *              {"do":"mute","key","value","until":ms or null,"receiver"}, {"do":"unmute",…}
 *              {"do":"ack","what","receiver"}; each with "author".
 *              Answers {"done": id or name}, or a sentence from 400 on.
 */

#include <jansson.h>

#include "io/http.h"
#include "line/dispatch_desk.h"

/* Answers with http_reply(), now or later. severity may be NULL. */
void desk_control(struct dispatch_desk *desk, struct archive *archive,
	const struct severity_policy *severity, struct wall now, struct http_ask *ask);

/* The receivers' numbers; NULL: there is no desk yet. The caller's reference. */
json_t *desk_receivers_json(const struct dispatch_desk *desk, struct wall now);

#endif
