#!/bin/sh
# Compares protos/ with those of the main branch; the first commit has nothing to compare with.
set -eu
buf="$1"
base=""
for ref in origin/main main HEAD; do
    if git cat-file -e "$ref:protos" 2>/dev/null; then base="$ref"; break; fi
done
if [ -z "$base" ]; then echo "buf breaking: no earlier protos to compare with"; exit 0; fi
rm -rf build/breaking && mkdir -p build/breaking/build
git archive "$base" protos buf.yaml | tar -x -C build/breaking
cp -r build/googleapis build/breaking/build/googleapis
"$buf" breaking . --against build/breaking
