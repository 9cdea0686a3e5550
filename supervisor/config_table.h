#ifndef SUPERVISOR_CONFIG_TABLE_H
#define SUPERVISOR_CONFIG_TABLE_H

#include "common/settings.h"

/* camrelayd's settings. The root is a struct config, the sections' objects are those of
 * supervisor/config.h. */
extern const struct settings_table config_table;

/* Whether that key of that section says where a secret is. */
bool config_key_is_secret_file(const char *section, const char *key);

#endif
