/* control_google.c - camctl's commands about Google's accounts: their devices, logins.
 * Owns nothing; what takes time is begun here and looked at by a later request. Loop thread. */
#include <stdio.h>

#include "common/json.h"
#include "supervisor/account.h"
#include "supervisor/config_google.h"
#include "supervisor/control_request.h"
#include "supervisor/login.h"

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

/* ---- login ----------------------------------------------------------------------------------- */

static struct login *
find_login(struct request *r)
{
	if (r->account)
		return account_login(r->account);
	snprintf(r->text, sizeof(r->text), "a login needs the name of a [google] section");
	return NULL;
}

bool
control_login_begin(struct request *r)
{
	struct login *l = find_login(r);

	if (!l || login_begin(l, r->text, sizeof(r->text)) < 0)
		return false;
	r->data = json_new_object();
	json_set_str(r->data, "url", login_url(l));
	json_set_str(r->data, "state", login_state_word(l));
	json_set_str(r->data, "redirect_uri", account_config(r->account)->redirect_uri);
	return true;
}

bool
control_login_code(struct request *r)
{
	struct login *l = find_login(r);

	return l && login_code(l, r->message.state, r->message.code, r->text, sizeof(r->text)) == 0;
}

bool
control_login_status(struct request *r)
{
	struct login *l = find_login(r);

	if (!l)
		return false;
	struct login_view view = login_view(l);
	r->data = json_new_object();
	json_set_str(r->data, "state", login_state_name(view.state));
	json_set_str(r->data, "why", view.why);
	json_set_str(r->data, "scope", view.scope);
	json_set_str(r->data, "file", account_config(r->account)->refresh_token_file);
	return true;
}
