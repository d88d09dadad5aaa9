"""Requests and responses as values: what the sample server is a function of."""
import dataclasses
import json
import urllib.parse


class Headers(list):
    """Pairs in order; names are compared without case."""

    def get(self, name, default=None):
        return next((value for key, value in self if key.lower() == name.lower()), default)


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str  # percent-decoded, without the query
    query: dict
    headers: Headers

    @staticmethod
    def parse(method, target, headers):
        parts = urllib.parse.urlsplit(target)
        query = {key: values[-1] for key, values in urllib.parse.parse_qs(parts.query, keep_blank_values=True).items()}
        return Request(method, urllib.parse.unquote(parts.path), query, headers)

    def without(self, header):
        kept = Headers(pair for pair in self.headers if pair[0].lower() != header.lower())
        return dataclasses.replace(self, headers=kept)


@dataclasses.dataclass(frozen=True)
class Response:
    status: int
    content_type: str = ""
    body: bytes = b""
    headers: tuple = ()

    def with_headers(self, *pairs):
        return dataclasses.replace(self, headers=(*self.headers, *pairs))


def json_response(value, status=200, version="", headers=()):
    """The served version is echoed as a parameter of the media type."""
    parameter = f"; api-version={version}" if version else ""
    return Response(status, f"application/json; charset=utf-8{parameter}", json.dumps(value).encode(), tuple(headers))


def page(status, title, text="", headers=()):
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>"
    return Response(status, "text/html; charset=utf-8", body.encode(), tuple(headers))


def error(status, type_name, message, namespace="Microsoft.VisualStudio.Services.WebApi", headers=(), **more):
    """The error envelope of the REST API."""
    envelope = {"$id": "1", **more, "innerException": None, "message": message,
                "typeName": f"{namespace}.{type_name}, Microsoft.VisualStudio.Services.WebApi", "typeKey": type_name,
                "errorCode": 0, "eventId": 3000}
    return json_response(envelope, status, headers=headers)
