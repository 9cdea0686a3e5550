#ifndef COMMON_NAME_H
#define COMMON_NAME_H

/* Room for a name, with its NUL: of a camera, an account, a token. value_is_name (common/value.h)
 * says what may be one; it also is a folder of recordings and a part of a socket's path. */
#define NAME_BYTES 64

#endif
