"""Reads that travel together in one $batch, and their answers, each known by its place."""

from __future__ import annotations

from collections.abc import Iterator

from work_assignment.dataverse.batches import MOST_REQUESTS, Batch, PartResult
from work_assignment.dataverse.client import DataverseClient
from work_assignment.dataverse.messages import Request, Response, Row


class Questions:
    """Requests gathered from who needs them; carried out in the order in which they were asked."""

    def __init__(self) -> None:
        self._requests: list[Request] = []

    def ask(self, request: Request) -> int:
        """Put a request behind the others; gives its place."""
        self._requests.append(request)
        return len(self._requests) - 1

    def send(self, client: DataverseClient) -> Answers:
        """Send them all: in one batch, or in more where it would hold too many."""
        answers: list[Response] = []
        for start in range(0, len(self._requests), MOST_REQUESTS):
            portion = self._requests[start : start + MOST_REQUESTS]
            batch = Batch(portion, continue_on_error=True)
            answers += [_response(answer) for answer in client.send_batch(batch)]
        return Answers(client, self._requests, answers)


class Answers:
    """The rows of each request; an error is raised where its rows are wanted."""

    def __init__(
        self, client: DataverseClient, requests: list[Request], responses: list[Response]
    ) -> None:
        self._client = client
        self._requests = requests
        self._responses = responses

    def __getitem__(self, place: int) -> Response:
        return self._responses[place]

    def rows(self, place: int) -> list[Row]:
        """The rows of the answer itself: its first page."""
        return self._responses[place].raise_for_error(self._requests[place].what).rows

    def further_rows(self, place: int) -> Iterator[Row]:
        """The rows of the pages behind it, each of which is one more request."""
        for page in self._client.further_pages(self._requests[place], self._responses[place]):
            yield from page


def _response(answer: PartResult) -> Response:
    if not isinstance(answer, Response):
        raise TypeError(f"a read was answered by {type(answer).__name__}")
    return answer
