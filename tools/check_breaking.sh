#!/bin/sh
# Compares protos/ with those of the main branch: with the point where this branch left it, or, on main itself, with the
# commit before. The first commit has nothing to compare with, nor has what came
# before the first release in CHANGELOG.md.
set -eu
buf="$1"
base=""
for ref in origin/main main; do
    if git rev-parse -q --verify "$ref" >/dev/null; then base=$(git merge-base HEAD "$ref"); break; fi
done
if [ "$base" = "$(git rev-parse HEAD)" ] && git diff --quiet HEAD -- protos; then base=$(git rev-parse -q --verify HEAD~1 || true); fi
# What was never released cannot be broken.
if [ -n "$base" ] && ! git show "$base:CHANGELOG.md" 2>/dev/null | grep -qE '^## [0-9]'; then
    echo "buf breaking: nothing was released before 0.1.0"
    exit 0
fi
if [ -z "$base" ] || ! git cat-file -e "$base:protos" 2>/dev/null; then
    echo "buf breaking: no earlier protos to compare with"
    exit 0
fi
rm -rf build/breaking && mkdir -p build/breaking/build
git archive "$base" protos buf.yaml | tar -x -C build/breaking
cp -r build/googleapis build/breaking/build/googleapis
"$buf" breaking . --against build/breaking
echo "buf breaking: nothing broken since $(git rev-parse --short "$base")"
