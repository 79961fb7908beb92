#include "channels.h"

const struct channel *const channels[] = {
	&channel_slack,
	&channel_webhook,
	&channel_email,
	&channel_teams,
	&channel_discord,
	&channel_mattermost,
	&channel_googlechat,
	&channel_telegram,
	&channel_matrix,
	&channel_ntfy,
	&channel_pagerduty,
	&channel_alertmanager,
	NULL,
};

const struct channel *channel_by_name(struct span name)
{
	for (size_t i = 0; channels[i]; i++)
		if (span_eq_str(name, channels[i]->name))
			return channels[i];
	return NULL;
}
