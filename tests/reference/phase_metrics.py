#!/usr/bin/env python3
"""Phase metrics of the staff web panel, written from its rules and from nothing else.

usage: phase_metrics.py PHASE WINDOW_MINUTES GENERATED_AT_MS < requests.jsonl > artifact.json

Each line is a request: {"route": "/v1/library.items.list", "ok": true, "status": 200, "durationMs": 41}; a status of null
is a request without a reply. It is deliberately naive: every request on its own, lists that are sorted as a whole.
"""

import json
import math
import sys
from datetime import datetime, timedelta, timezone

CRITICAL = ["items.list", "discovery.get", "items.get", "loans.checkout", "loans.checkIn", "reviews.create"]
LABELS = {
    "phase_1_read_only": "Phase 1",
    "phase_2_member_writes": "Phase 2",
    "phase_3_admin_full": "Phase 3",
}


def is_error(request):
    return not request["ok"] or (request["status"] or 0) >= 400


def percentile(requests, share):
    durations = sorted(request["durationMs"] for request in requests)
    return durations[math.ceil(share * len(durations)) - 1] if durations else None


def rate(count, requests):
    """Four decimals, a half rounded up, as Math.round does; a whole number without a point, as JavaScript writes it."""
    rounded = math.floor(count / max(requests, 1) * 10_000 + 0.5) / 10_000
    return int(rounded) if rounded == int(rounded) else rounded


def with_status(requests, status):
    return sum(1 for request in requests if request["status"] == status)


def summary(requests):
    errors = sum(1 for request in requests if is_error(request))
    conflicts = with_status(requests, 409)
    return {
        "requestCount": len(requests),
        "errorCount": errors,
        "conflictCount": conflicts,
        "routeErrorCount": with_status(requests, 404),
        "errorRate": rate(errors, len(requests)),
        "conflictRate": rate(conflicts, len(requests)),
        "p50LatencyMs": percentile(requests, 0.5),
        "p95LatencyMs": percentile(requests, 0.95),
        "maxLatencyMs": max((request["durationMs"] for request in requests), default=None),
    }


def endpoint(route, requests):
    return {
        "route": route,
        "requestCount": len(requests),
        "errorCount": sum(1 for request in requests if is_error(request)),
        "conflictCount": with_status(requests, 409),
        "routeErrorCount": with_status(requests, 404),
        "p50LatencyMs": percentile(requests, 0.5),
        "p95LatencyMs": percentile(requests, 0.95),
    }


def artifact(phase, window_minutes, generated_at_ms, requests):
    by_route = {}
    for request in requests:
        by_route.setdefault(request["route"], []).append(request)
    endpoints = [endpoint(route, seen) for route, seen in by_route.items()]
    endpoints.sort(key=lambda one: -one["requestCount"])  # stable: routes with as many stay as first seen
    for name in CRITICAL:
        route = f"/v1/library.{name}"
        if route not in by_route:
            endpoints.append(endpoint(route, []))
    generated_at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=generated_at_ms)
    return {
        "rolloutPhase": phase,
        "rolloutLabel": LABELS[phase],
        "memberWritesEnabled": phase != "phase_1_read_only",
        "generatedAtIso": generated_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{generated_at_ms % 1000:03d}Z",
        "windowMinutes": window_minutes,
        "summary": summary(requests),
        "endpoints": endpoints,
    }


if __name__ == "__main__":
    phase, window_minutes, generated_at_ms = sys.argv[1:]
    requests = [json.loads(line) for line in sys.stdin if line.strip()]
    print(json.dumps(artifact(phase, int(window_minutes), int(generated_at_ms), requests), indent=2))
