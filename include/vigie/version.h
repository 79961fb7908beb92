#ifndef VIGIE_VERSION_H
#define VIGIE_VERSION_H

/* Held equal to meson.build's by a test. */
#define VIGIE_VERSION "0.1.0"

#endif
