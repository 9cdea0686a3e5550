#ifndef SUPERVISOR_CONFIG_SECTIONS_H
#define SUPERVISOR_CONFIG_SECTIONS_H

#include "common/settings.h"

/* For config_table.c: the sections that a file may have, in the manual's order. */
#define CONFIG_SECTIONS 10
extern const struct settings_section config_sections[CONFIG_SECTIONS];

#endif
