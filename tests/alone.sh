#!/bin/sh
# After a run of the tests that ended with code $1: the few that failed beside others are run once more, alone. Two cores
# draw several browsers and stop servers meanwhile, and a minute may turn between two lines of a test. What fails alone
# as well fails the run; what does not is told twice, above with its failure and here, and wants to be looked into.
set -eu
code=$1
shift
failed=.pytest_cache/v/cache/lastfailed
[ "$code" -eq 1 ] && [ -f "$failed" ] || exit "$code"
number=$(grep -c '": true' "$failed")
[ "$number" -le 5 ] || exit "$code"
echo "$number failed beside others; once more, alone:" >&2
exec "$@" --last-failed --last-failed-no-failures none
