#ifndef SUPERVISOR_TOKEN_FILE_H
#define SUPERVISOR_TOKEN_FILE_H

#include "supervisor/token.h"

/* The tokens as they are kept: state_dir/http.tokens, mode 0600, replaced as a whole. Loop thread.
 */

/* "camrelay_" and 43 characters of base64url: 256 bits. With its NUL. Scanners for leaked secrets
 * know tokens by such a beginning. */
#define TOKEN_TEXT_BYTES (9 + 43 + 1)

/* Another text, from the kernel's random numbers. */
void token_make(char text[TOKEN_TEXT_BYTES]);

/* Its SHA-256 (FIPS 180-4). Any text is fine. */
void token_hash(const char *text, unsigned char hash[TOKEN_HASH_BYTES]);

/* Reads the file; none is an empty list. Returns 0, or -1 with a sentence and t as it was. */
int token_file_read(const char *path, struct tokens *t, char *why, size_t why_size);

/* Writes it. Returns 0, or -1 with a sentence and the file as it was. */
int token_file_write(const char *path, const struct tokens *t, char *why, size_t why_size);

#endif
