# SPDX-License-Identifier: Apache-2.0
"""A client of the Kubernetes API, as small as the rig needs it: JSON in and out, and watching."""
import contextlib
import json

import requests

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


class ApiError(Exception):
    def __init__(self, method, path, answer):
        self.status = answer.status_code
        super().__init__(f"{method} {path}: {answer.status_code} {answer.text[:500]}")


class Client:
    """Not for several threads at one time: each takes its own (copy())."""

    def __init__(self, url, authority, certificate):
        self.url, self.authority, self.certificate = url, authority, certificate
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(authority)
        self.session.cert = tuple(map(str, certificate))

    def copy(self):
        return Client(self.url, self.authority, self.certificate)

    def call(self, method, path, body=None, kind="application/json", timeout=30):
        answer = self.session.request(method, self.url + path, data=None if body is None else json.dumps(body),
                                      headers={"Content-Type": kind}, timeout=timeout)
        if answer.status_code >= 400:
            raise ApiError(method, path, answer)
        return answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else answer.text

    def get(self, path):
        return self.call("GET", path)

    def find(self, path):
        """None when there is no such thing."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def patch(self, path, body, kind=MERGE):
        return self.call("PATCH", path, body, kind)

    def delete(self, path, body=None):
        with contextlib.suppress(ApiError):
            return self.call("DELETE", path, body)

    def follow(self, path, selector, ended):
        """All objects of a list, and then every change, as (type, object), until ended() or the server ends it; resumed by the caller."""
        listed = self.get(f"{path}?{selector}")
        for item in listed.get("items") or []:
            yield "ADDED", item
        yield "LISTED", listed
        version = listed["metadata"]["resourceVersion"]
        query = f"{path}?{selector}&watch=1&resourceVersion={version}&timeoutSeconds=300&allowWatchBookmarks=true"
        with self.session.get(self.url + query, stream=True, timeout=(10, 330)) as answer:
            if answer.status_code != 200:
                raise ApiError("GET", query, answer)
            for line in answer.iter_lines(chunk_size=None):
                if ended():
                    return
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                if event["type"] != "BOOKMARK":
                    yield event["type"], event["object"]
