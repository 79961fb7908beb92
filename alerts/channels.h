#ifndef VIGIE_ALERTS_CHANNELS_H
#define VIGIE_ALERTS_CHANNELS_H

/*
 * channels: the rows of the table of vigie/channel.h, one file each.
 */

#include "vigie/channel.h"

extern const struct channel channel_alertmanager;
extern const struct channel channel_discord;
extern const struct channel channel_email;
extern const struct channel channel_googlechat;
extern const struct channel channel_matrix;
extern const struct channel channel_mattermost;
extern const struct channel channel_ntfy;
extern const struct channel channel_pagerduty;
extern const struct channel channel_slack;
extern const struct channel channel_teams;
extern const struct channel channel_telegram;
extern const struct channel channel_webhook;

#endif
