#ifndef VIGIE_ALERTS_LABELS_H
#define VIGIE_ALERTS_LABELS_H

/*
 * labels: mentions in Prometheus' words: labels that tell them apart, annotations that describe
 * them. For Alertmanager's API, and for receivers that read the body of its web hook.
 */

#include "dress.h"

/* How many alerts it is: one for each mention, one for a spike. */
size_t labels_alerts(const struct message *message);

/* NULL when memory is out. */
json_t *labels_of(const struct message_entry *entry, struct span alertname);
json_t *labels_annotations(const struct message_entry *entry, struct span delivery);

/* The body of Alertmanager's web hook, version 4
 * (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config); as many alerts as
 * fit `limit` bytes, the first always, the others counted. NULL when memory is out. */
json_t *labels_webhook(const struct message *message, const struct receiver *receiver,
	const struct alert *alert, const struct render_context *context, size_t limit);

#endif
