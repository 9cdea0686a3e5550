/* timestamp.c - wall time as others write it. Pure. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/err.h"
#include "supervisor/timestamp.h"

#define RETRY_AFTER_MAX_MS (86400 * (ms_t)1000)

/* "Z", "+02:00", "-08:00". */
static int
parse_offset(const char *text, int64_t *seconds)
{
	int hours, minutes, used = 0;

	*seconds = 0;
	if (strcasecmp(text, "Z") == 0)
		return 0;
	bool shaped = strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
		      strspn(text + 1, "0123456789:") == 5;
	if (!shaped || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5)
		return ERR_PARSE;
	if (hours > 23 || minutes > 59)
		return ERR_RANGE;
	*seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return 0;
}

static const char *
parse_fraction(const char *text, int64_t *us)
{
	int64_t unit = 100000;

	*us = 0;
	if (*text != '.')
		return text;
	for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
		*us += (*text - '0') * unit;
	return text;
}

int
timestamp_rfc3339(const char *text, int64_t *us)
{
	struct tm tm = { 0 };
	int64_t fraction_us, offset_s;
	/* strptime alone would take blanks, signs and missing zeros; T and Z may be small (RFC 3339
	 * 5.6). */
	bool shaped = text && strlen(text) >= 20 && strspn(text, "0123456789-Tt:") >= 19 &&
		      text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') &&
		      text[13] == ':' && text[16] == ':';

	if (!shaped || strptime(text, "%Y-%m-%d", &tm) != text + 10)
		return ERR_PARSE;
	const char *end = strptime(text + 11, "%H:%M:%S", &tm);
	if (end != text + 19)
		return ERR_PARSE;
	end = parse_fraction(end, &fraction_us);
	int result = parse_offset(end, &offset_s);
	if (result != 0)
		return result;
	*us = ((int64_t)timegm(&tm) - offset_s) * 1000000 + fraction_us;
	return 0;
}

int64_t
timestamp_http(const char *text)
{
	struct tm tm = { 0 };
	/* strptime knows the names of days and months in the C locale, which we never leave. */
	const char *end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;

	if (!end || *end != '\0')
		return 0;
	time_t seconds = timegm(&tm);
	return seconds > 0 ? (int64_t)seconds * 1000000 : 0;
}

ms_t
timestamp_retry_after(const char *text, int64_t server_us, int64_t wall_us)
{
	int64_t until_us = timestamp_http(text);
	ms_t pause_ms;

	if (until_us)
		pause_ms = (until_us - (server_us ? server_us : wall_us)) / 1000;
	else if (text && *text && strspn(text, "0123456789") == strlen(text))
		pause_ms = strlen(text) > 6 ? RETRY_AFTER_MAX_MS : atoi(text) * (ms_t)1000;
	else
		return -1;
	if (pause_ms < 0)
		return 0;
	return pause_ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : pause_ms;
}
