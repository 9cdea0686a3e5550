#ifndef CONTROL_TOKEN_H
#define CONTROL_TOKEN_H

struct invocation;

/* camctl token add NAME --role ROLE [--camera CAMERA]..., token list, token remove NAME. A new
 * token goes to standard output and nowhere else. Returns the exit code. */
int token_run(const struct invocation *in);

/* One --camera. */
void token_add_camera(struct invocation *in, const char *camera);

#endif
