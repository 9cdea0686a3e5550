#ifndef COMMON_VALUE_REDACT_H
#define COMMON_VALUE_REDACT_H

/* What may be shown of values that hold secrets in their midst. Pure. The texts are yours to
 * free().
 */

/* A URL up to its host, without user: "https://host:8443/" and stars. */
char *value_redact_url(const char *url);

/* A list with commas: URLs up to their hosts, and words that are among the choices (separated by
 * blanks; one with a colon means whatever follows that). Other words become stars if there is a
 * URL: one with a comma in it is two words. */
char *value_redact_list(const char *choices, const char *list);

#endif
