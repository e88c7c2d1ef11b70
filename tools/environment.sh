#!/bin/sh
# Makes one virtual environment from a hashed lock: environment.sh .venvs/NAME LOCK [PLATFORM-REQUIREMENTS].
# What it was made from, the flags of what is compiled included, is noted by digest, so that a file that is merely newer
# rebuilds nothing, and an environment that somebody is using is not pulled away under them.
set -eu

environment=$1
shift
mkdir -p "$(dirname "$environment")"
exec 9>"$environment.lock"
flock 9 2>/dev/null || true # where there is no flock, two makes at once are the user's to avoid

wanted=$({ cat "$@" && printf %s "${CMAKE_ARGS:-}"; } | "${PYTHON:?no python3 found: give make PYTHON=/path/to/python3.11}" -c '
import hashlib, sys
if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed; this one is " + sys.version.split()[0] + ": give make PYTHON=...")
print(hashlib.sha256(sys.stdin.buffer.read() + sys.version.encode()).hexdigest())')

if [ "$(cat "$environment/.ready" 2>/dev/null || true)" = "$wanted" ]; then
    touch "$environment/.ready"
    exit 0
fi
echo "setting up $environment"
rm -rf "$environment"
"$PYTHON" -m venv "$environment"
lock=$1
shift
if [ $# -gt 0 ]; then
    # shellcheck disable=SC2086 # options, to be split
    "$environment/bin/pip" install -qq ${TORCH_PIP_ARGS:-} -r "$1"
fi
"$environment/bin/pip" install -qq --require-hashes --no-deps -r "$lock"
echo "$wanted" >"$environment/.ready"
