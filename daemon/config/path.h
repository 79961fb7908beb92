#ifndef VIGIE_CONFIG_PATH_H
#define VIGIE_CONFIG_PATH_H

/*
 * config/path: where the configuration is when nobody says: ./vigie.yaml, then
 * $XDG_CONFIG_HOME/vigie/vigie.yaml (~/.config without it), then /etc/vigie/vigie.yaml.
 */

/* The first that exists, in static memory; NULL: none. */
const char *config_path_default(void);

#endif
