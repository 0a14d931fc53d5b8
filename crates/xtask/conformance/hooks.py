"""Takes what Schemathesis makes up to where there is something to find.

Made-up audiences let nobody in, and a made-up room is in no event service: of the requests that are meant
to be good, most go to the audience that is open in development, and most converts have a room.
"""

import json
import os
import random
import urllib.request

import schemathesis
from schemathesis.generation import GenerationMode
from urllib3.util import SKIP_HEADER

AUDIENCE = "demo.example.org"
NOBODY = "00000000-0000-0000-0000-000000000000"


@schemathesis.hook
def before_call(context, case, kwargs):
    # The HTTP client cannot send others, and a run would end, often without a word.
    for name in [name for name, value in case.headers.items() if not is_sendable(str(value))]:
        case.headers[name] = "ascii"
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    # What is made up alike is sent alike, so that a failure comes again.
    dice = random.Random(f"{case.path_parameters} {case.body}")
    is_at_home = dice.random() < 0.8
    if is_at_home and "audience" in case.path_parameters:
        case.path_parameters["audience"] = AUDIENCE
    if isinstance(case.body, dict) and "audience" in case.body:
        if is_at_home:
            case.body["audience"] = AUDIENCE
        if "event_room_id" in case.body and dice.random() < 0.8:
            case.body["event_room_id"] = open_room()


def is_sendable(value):
    return value.isascii() and value != SKIP_HEADER


def open_room():
    """Opens a room as another service of the platform would."""
    room = {"audience": AUDIENCE, "time": [1732281600, None], "classroom_id": NOBODY, "kind": "Webinar"}
    request = urllib.request.Request(
        f"{os.environ['EVENT_URL']}/api/v1/rooms",
        json.dumps(room).encode(),
        {"Authorization": f"Bearer {os.environ['TOKEN']}", "Content-Type": "application/json"},
    )
    # Whatever proxy there is, it is not for us.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request) as response:
        return json.load(response)["id"]
