#!/bin/sh
# distributed puts the worker's own address over a key named "worker" of the dict that a worker logs as an event.
#
# Guess before: a dict given to Worker.log_event comes to the subscribers of the topic as it was sent.
# Seen (distributed 2026.8.0): of a dict, the scheduler sets the key "worker" to the address of the worker that sent it,
# whatever stood there, without a warning: it means to name the sender, and takes a key that is used already. Other keys,
# and the same dict within a list, come as they were sent.
# For us: webapp/engine/remote/task.py sends the worker's address under another key, and its name under "name".
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check distributed==2026.8.0
cat > try.py <<'END'
import sys
import time

from distributed import Client, LocalCluster, get_worker


def tell():
    worker = get_worker()
    worker.log_event("topic", {"worker": "theatre 3", "room": "theatre 3"})
    worker.log_event("topic", [{"worker": "theatre 3", "room": "theatre 3"}])
    return worker.address


if __name__ == "__main__":
    heard = []
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.subscribe_topic("topic", lambda event: heard.append(event[1]))
        address = client.submit(tell).result(timeout=60)
        deadline = time.monotonic() + 30
        while len(heard) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
    alone, listed = heard
    print(f"  sent alone:     worker is {'the address' if alone['worker'] == address else alone['worker']}, room is {alone['room']}")
    print(f"  sent in a list: worker is {listed[0]['worker']}, room is {listed[0]['room']}")
    seen = alone == {"worker": address, "room": "theatre 3"} and listed == [{"worker": "theatre 3", "room": "theatre 3"}]
    sys.exit(0 if seen else 1)
END
env/bin/python try.py || { echo "CHANGED: distributed no longer behaves as described above" >&2; exit 1; }
echo "As described: the key \"worker\" of an event is overwritten."
