"""Requests to the webhooks in bytes, as no library of HTTP writes them."""

PATHS = "/mutate-pods, /complete-machines, /validate-machines or /validate-appliances"


def post(*headers, body=b"", path="/validate-machines", version="1.1"):
    """A POST with these headers, whatever its body."""
    lines = [f"POST {path} HTTP/{version}", "Host: a", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(body, *headers, path="/validate-machines"):
    """A POST whose body is given as it is sent, with the sizes of its chunks."""
    return post("Transfer-Encoding: chunked", *headers, body=body, path=path)
