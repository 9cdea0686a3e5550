"""openapi_client.py - a client that knows of an HTTP API nothing but its OpenAPI 3.0 document.

It calls operations with what their parameters say, and holds what is answered against the schemas.
"""
import json
import urllib.error
import urllib.parse
import urllib.request

import jsonschema

METHODS = ("get", "post", "put", "patch", "delete", "options")


def as_json_schema(node):
    """OpenAPI 3.0's dialect as JSON Schema: `nullable` is the one thing of ours that differs."""
    if isinstance(node, list):
        return [as_json_schema(n) for n in node]
    if not isinstance(node, dict):
        return node
    node = {key: as_json_schema(value) for key, value in node.items()}
    if node.pop("nullable", False):
        node["type"] = [node["type"], "null"]
    return node


def fetch(method, url, token=None, body=None, headers=None):
    """(status, headers, body's bytes)"""
    headers = dict(headers or {})
    data = body
    if body is not None and not isinstance(body, bytes):
        data = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data, headers, method=method.upper())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


class Client:
    def __init__(self, url, token=None):
        self.url, self.token = url, token
        status, _, text = fetch("GET", url + "/v2/openapi.json")
        assert status == 200
        self.document = json.loads(text)

    def operations(self):
        """(method, path, operation) of each."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method, path, operation

    def check_document(self):
        """What the specification demands of one: the version, references that lead somewhere, every part of a path a
        parameter, operations with responses."""
        assert self.document["openapi"].startswith("3.0.")
        assert self.document["info"]["title"] and self.document["info"]["version"]
        schemas = self.document["components"]["schemas"]
        for name in set(self._references(self.document)):
            assert name.startswith("#/components/schemas/") and name.rsplit("/", 1)[1] in schemas, name
        for schema in schemas.values():
            jsonschema.Draft7Validator.check_schema(as_json_schema(schema))
        for method, path, operation in self.operations():
            assert method in METHODS and path.startswith("/")
            declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}, path
            assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")
            assert operation["responses"] and operation["summary"]

    def _references(self, node):
        if isinstance(node, list):
            for n in node:
                yield from self._references(n)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                else:
                    yield from self._references(value)

    def check_body(self, operation, status, headers, text):
        """The answer is one that the operation says it gives."""
        response = operation["responses"].get(str(status)) or operation["responses"]["default"]
        kinds = response.get("content")
        if not kinds:
            assert not text
            return None
        kind = headers.get_content_type()
        assert kind in kinds, (kind, list(kinds))
        if kinds[kind]["schema"].get("format") == "binary":
            return text
        body = json.loads(text) if kind.endswith("json") else text.decode() if isinstance(text, bytes) else text
        schema = {**as_json_schema(kinds[kind]["schema"]), "components": as_json_schema(self.document["components"])}
        validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
        wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(body)]
        assert not wrong, wrong[:5]
        return body

    def call(self, method, path, values=None, query=None, body=None):
        """(status, body), the body checked. values: of the path's parameters."""
        operation = self.document["paths"][path][method]
        where = path
        for name, value in (values or {}).items():
            where = where.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
        if query:
            where += "?" + urllib.parse.urlencode(query)
        status, headers, text = fetch(method, self.url + where, self.token, body)
        return status, self.check_body(operation, status, headers, text)
