#ifndef WORKER_DRAW_H
#define WORKER_DRAW_H

#include <stdint.h>

/* Random numbers of the kernel's; of the clock's, should it have none. */
uint32_t draw(void);

/* 32 hexadecimal digits. */
#define DRAW_ID_BYTES 33
void draw_id(char out[DRAW_ID_BYTES]);

#endif
