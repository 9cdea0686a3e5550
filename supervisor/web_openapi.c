/* web_openapi.c - the description of the API (OpenAPI 3.0.3), made of the tables that it is served
 * by. Keeps nothing. Loop thread. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "proto/fields.h"
#include "proto/status.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

static void set_type(struct json *schema, const struct web_member *m, struct json *components);

static struct json *
object_of(const char *key, struct json *value)
{
	struct json *j = json_new_object();

	json_set(j, key, value);
	return j;
}

static struct json *
type_of(const char *type)
{
	struct json *j = json_new_object();

	json_set_str(j, "type", type);
	return j;
}

/* ---- schemas --------------------------------------------------------------------------------- */

static void
describe_members(struct json *schema, const struct web_schema *s, struct json *components)
{
	struct json *properties = json_new_object();
	struct json *required = json_new_array();

	for (const struct web_member *m = s->members; m->name; m++) {
		struct json *property = json_new_object();
		set_type(property, m, components);
		if (m->help)
			json_set_str(property, "description", m->help);
		json_set(properties, m->name, property);
		if (!m->optional)
			json_add_str(required, m->name);
	}
	json_set_bool(schema, "additionalProperties", false);
	json_set(schema, "properties", properties);
	json_set(schema, "required", required);
}

/* A row of the status, from its own table. Strings that are not there are left out. */
/* An object of these fields; texts may be absent, but a name. */
static void
describe_fields(struct json *schema, const struct field *fields, size_t n)
{
	static const char *const types[] = { [FIELD_STR] = "string",
		[FIELD_INT] = "integer",
		[FIELD_REAL] = "number",
		[FIELD_BOOL] = "boolean" };
	struct json *properties = json_new_object();
	struct json *required = json_new_array();

	for (size_t i = 0; i < n; i++) {
		json_set(properties, fields[i].name, type_of(types[fields[i].type]));
		if (fields[i].type != FIELD_STR || strcmp(fields[i].name, "name") == 0)
			json_add_str(required, fields[i].name);
	}
	json_set_bool(schema, "additionalProperties", false);
	json_set(schema, "properties", properties);
	json_set(schema, "required", required);
}

static void
describe_camera(struct json *schema)
{
	const struct field *fields;
	const char *key;
	size_t n;

	fields = status_camera_fields(&n);
	describe_fields(schema, fields, n);
	for (size_t i = 0; status_camera_list(i, &key, &fields, &n); i++) {
		struct json *list = type_of("array"), *row = type_of("object");
		describe_fields(row, fields, n);
		json_set(list, "items", row);
		json_set(json_get_key(schema, "properties"), key, list);
	}
}

/* {"$ref": ...}; the schema is added to components once. */
static struct json *
refer(const struct web_schema *s, struct json *components)
{
	char path[80];

	snprintf(path, sizeof(path), "#/components/schemas/%s", s->name);
	if (!json_get_key(components, s->name)) {
		json_set(components, s->name, type_of("object"));
		struct json *schema = json_get_key(components, s->name);
		if (s->camera)
			describe_camera(schema);
		else
			describe_members(schema, s, components);
	}
	struct json *j = json_new_object();
	json_set_str(j, "$ref", path);
	return j;
}

static void
set_type(struct json *schema, const struct web_member *m, struct json *components)
{
	static const char *const types[] = { [WEB_STR] = "string",
		[WEB_TIME] = "string",
		[WEB_INT] = "integer",
		[WEB_REAL] = "number",
		[WEB_BOOL] = "boolean",
		[WEB_LIST] = "array",
		[WEB_STR_MAP] = "object",
		[WEB_INT_MAP] = "object",
		[WEB_MAP] = "object",
		[WEB_STRS] = "array",
		[WEB_REALS] = "array" };
	struct json *all;

	if (m->type == WEB_OBJECT) {
		/* Beside $ref nothing else counts in OpenAPI 3.0. */
		all = json_new_array();
		json_add(all, refer(m->of, components));
		json_set(schema, "allOf", all);
	} else if (m->type != WEB_ANY) {
		json_set_str(schema, "type", types[m->type]);
	}
	if (m->type == WEB_TIME)
		json_set_str(schema, "format", "date-time");
	if (m->type == WEB_LIST)
		json_set(schema, "items", refer(m->of, components));
	if (m->type == WEB_STRS)
		json_set(schema, "items", type_of("string"));
	if (m->type == WEB_REALS) {
		struct json *number = type_of("number");
		json_set_bool(number, "nullable", true);
		json_set(schema, "items", number);
	}
	if (m->type == WEB_STR_MAP || m->type == WEB_INT_MAP)
		json_set(schema, "additionalProperties",
			type_of(m->type == WEB_STR_MAP ? "string" : "integer"));
	if (m->type == WEB_MAP)
		json_set(schema, "additionalProperties", refer(m->of, components));
	if (m->optional && m->type != WEB_OBJECT && m->type != WEB_ANY)
		json_set_bool(schema, "nullable", true);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static struct json *
content(const char *type, struct json *schema)
{
	return object_of(type, object_of("schema", schema));
}

static void
add_parameter(struct json *list, const char *in, const char *name, size_t len, int max,
	bool required, const char *help)
{
	struct json *p = json_new_object();
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)len, name);
	json_set_str(p, "name", text);
	json_set_str(p, "in", in);
	json_set_bool(p, "required", required);
	if (help)
		json_set_str(p, "description", help);
	struct json *schema = type_of(max > 0 ? "integer" : "string");
	if (max > 0) {
		json_set_int(schema, "minimum", 0);
		json_set_int(schema, "maximum", max);
	}
	json_set(p, "schema", schema);
	json_add(list, p);
}

static struct json *
describe_parameters(const struct http_route *r)
{
	struct json *list = json_new_array();

	for (const char *p = r->pattern; (p = strchr(p, '{')); p++)
		add_parameter(list, "path", p + 1, strcspn(p + 1, "}"), 0, true, NULL);
	for (const struct http_route_parameter *p = r->query; p && p->name; p++)
		add_parameter(
			list, "query", p->name, strlen(p->name), p->max, p->required, p->help);
	return list;
}

static struct json *
describe_response(const char *text, struct json *body)
{
	struct json *j = json_new_object();

	json_set_str(j, "description", text);
	if (body)
		json_set(j, "content", body);
	return j;
}

/* What is no JSON of ours: text, or bytes. */
static struct json *
describe_bytes(const char *type)
{
	struct json *j = type_of(strcmp(type, "application/json") == 0 ? "object" : "string");
	bool text = strncmp(type, "text/", 5) == 0 || strncmp(type, "application/", 12) == 0;

	if (!text)
		json_set_str(j, "format", "binary");
	return j;
}

static struct json *
describe_responses(const struct http_route *r, struct json *components)
{
	struct json *j = json_new_object();
	char status[8];
	int good = r->websocket ? 101 : r->status ? r->status : 200;

	snprintf(status, sizeof(status), "%d", good);
	struct json *body = NULL;
	if (r->response)
		body = content("application/json", refer(r->response, components));
	else if (r->type)
		body = content(r->type, describe_bytes(r->type));
	json_set(j, status, describe_response(http_status_text(good), body));
	/* Readiness is told by its status, in the same words. */
	if (r->response == &web_schema_ready)
		json_set(j, "503",
			describe_response("Not ready",
				content("application/json", refer(r->response, components))));
	json_set(j, "default",
		describe_response("It was refused, or went wrong",
			content("application/json", refer(&web_schema_error, components))));
	return j;
}

static struct json *
describe_operation(const struct http_route *r, struct json *components)
{
	struct json *j = json_new_object();
	struct json *security = json_new_array();
	char text[160];

	json_set_str(j, "summary", r->summary);
	snprintf(text, sizeof(text), "Role: %s", token_role_text(r->role));
	json_set_str(j, "description", r->role == TOKEN_NOBODY ? "Needs no token" : text);
	json_set(j, "parameters", describe_parameters(r));
	struct json *taken = r->request ? content("application/json", refer(r->request, components))
			     : r->body_type ? content(r->body_type, type_of("string"))
					    : NULL;
	if (taken) {
		struct json *body = object_of("content", taken);
		json_set_bool(body, "required", !r->request_optional);
		json_set(j, "requestBody", body);
	}
	json_set(j, "responses", describe_responses(r, components));
	if (r->role != TOKEN_NOBODY) {
		/* Or nothing, while there is no token at all. */
		json_add(security, object_of("bearer", json_new_array()));
		json_add(security, json_new_object());
	}
	json_set(j, "security", security);
	return j;
}

struct document {
	struct json *paths;
	struct json *components;
};

static void
add_table(void *arg, const struct http_route *table)
{
	static const char *const methods[HTTP_METHODS] = { [HTTP_GET] = "get",
		[HTTP_HEAD] = "head",
		[HTTP_POST] = "post",
		[HTTP_PUT] = "put",
		[HTTP_PATCH] = "patch",
		[HTTP_DELETE] = "delete",
		[HTTP_OPTIONS] = "options" };
	struct document *d = arg;

	for (const struct http_route *r = table; r->pattern; r++) {
		struct json *path = json_get_key(d->paths, r->pattern);
		if (!path) {
			json_set(d->paths, r->pattern, json_new_object());
			path = json_get_key(d->paths, r->pattern);
		}
		json_set(path, methods[r->method], describe_operation(r, d->components));
	}
}

static struct json *
describe_security(void)
{
	struct json *bearer = type_of("http");

	json_set_str(bearer, "scheme", "bearer");
	return object_of("bearer", bearer);
}

static void
show(struct web_call *c)
{
	struct json *j = json_new_object();
	struct json *info = json_new_object();
	struct document d = { .paths = json_new_object(), .components = json_new_object() };

	json_set_str(info, "title", "camrelay");
	json_set_str(info, "version", VERSION);
	web_each_table(add_table, &d);
	struct json *components = object_of("schemas", d.components);
	json_set(components, "securitySchemes", describe_security());
	json_set_str(j, "openapi", "3.0.3");
	json_set(j, "info", info);
	json_set(j, "paths", d.paths);
	json_set(j, "components", components);
	web_reply(c, 200, j);
}

const struct http_route web_openapi_routes[] = {
	{ .pattern = "/v2/openapi.json",
		.role = TOKEN_NOBODY,
		.handle = show,
		.summary = "This document",
		.type = "application/json" },
	{ .pattern = NULL },
};
