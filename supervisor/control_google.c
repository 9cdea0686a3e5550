/* control_google.c - camctl's commands about Google's accounts: their devices.
 * Owns nothing; what takes time is begun here and looked at by a later request. Loop thread. */
#include <stdio.h>

#include "common/json.h"
#include "supervisor/control_request.h"

bool
control_discover(struct request *r)
{
	r->data = supervisor_devices(r->supervisor, r->account, true);
	return true;
}

bool
control_devices(struct request *r)
{
	r->data = supervisor_devices(r->supervisor, r->account, false);
	return true;
}
