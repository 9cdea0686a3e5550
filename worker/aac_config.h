#ifndef WORKER_AAC_CONFIG_H
#define WORKER_AAC_CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* What an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) says of the sound, before what SBR and PS
 * make of it. */
struct aac_config {
	unsigned rate_hz;
	unsigned channels;
	unsigned frame_samples;
};

/* Returns 0; ERR_PARSE if it ends early, ERR_UNSUPPORTED if it is no AAC, or of a rate or channels
 * that the standard does not name. Pure. */
int aac_config_parse(const uint8_t *bytes, size_t len, struct aac_config *out);

#endif
