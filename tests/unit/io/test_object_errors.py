"""What the object store's client says is told in one line that is the same from run to run."""

import pytest

from flowstone.io.object_errors import in_words

DOWN = (
    "Generic S3 error: Error performing GET http://127.0.0.1:1/bucket/x in 102.031298ms, after 5 retries, "
    "max_retries: 5, retry_timeout: 60s  - HTTP error: error sending request\n\nDebug source:\nGeneric {\n"
)
NO_BUCKET = (
    "Object at location x not found: Error performing PUT http://127.0.0.1:2/nobucket/x in 5.7ms - Server returned "
    'non-2xx status code: 404 Not Found: <?xml version="1.0" encoding="utf-8"?>\n<Error><Code>NoSuchBucket</Code>'
    "<Message>The specified bucket does not exist</Message></Error>\n\nDebug source:\n"
)
FORBIDDEN = (
    "The operation lacked the necessary privileges to complete for path 403: Error performing GET http://h/b/403 in "
    "1.5s - Server returned non-2xx status code: 403 Forbidden: \n\nDebug source:\nPermissionDenied {\n"
)
NO_CONTAINER = (
    "Object at location a not found: Error performing GET http://h/b/a in 3.2ms - Server returned non-2xx status code: "
    "404 Not Found: <Error><Code>ContainerNotFound</Code><Message>The specified container does not exist.\n"
    "RequestId:1b7c\nTime:2026-11-28T02:34:46.000Z</Message></Error>\n\nDebug source:\n"
)
REGION = (
    "Generic S3 error: Error performing GET http://h/b/301 in 1.4ms - Received redirect without LOCATION, this "
    "normally indicates an incorrectly configured region\n\nDebug source:\n"
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (DOWN, "no answer from http://127.0.0.1:1: error sending request"),
        (NO_BUCKET, "the server says 404 Not Found: NoSuchBucket: The specified bucket does not exist"),
        (NO_CONTAINER, "the server says 404 Not Found: ContainerNotFound: The specified container does not exist."),
        (FORBIDDEN, "the server says 403 Forbidden"),
        (REGION, "Received redirect without LOCATION, this normally indicates an incorrectly configured region"),
        ("Something else\nwith more lines", "Something else"),
    ],
    ids=["down", "no bucket", "no container", "forbidden", "region", "other"],
)
def test_it_is_one_line_without_times(text, line):
    assert in_words(text, "http://127.0.0.1:1") == line
