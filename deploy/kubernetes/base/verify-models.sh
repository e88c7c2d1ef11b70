#!/bin/sh
# Reads the weights of the models that are named again and holds them against their digests: verify-models.sh NAME…
# The command by itself passes over a model that was never fetched; a service that is to have one must not start then.
set -eu
code=0
said=$(python -m chassis.models --json verify "$@") || code=$?
printf '%s\n' "$said"
case $said in
    *'"event": "absent"'*)
        echo "a model that this service is to have is not in the claim; run the job of deploy/kubernetes/models" >&2
        exit 1
        ;;
esac
exit "$code"
