#ifndef VIGIE_ALERTS_CHANNELS_H
#define VIGIE_ALERTS_CHANNELS_H

/*
 * channels: the rows of the table of vigie/channel.h, one file each.
 */

#include "vigie/channel.h"

extern const struct channel channel_email;
extern const struct channel channel_slack;
extern const struct channel channel_webhook;

#endif
