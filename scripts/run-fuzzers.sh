#!/usr/bin/env bash
# Runs every fuzzer in a build folder for some seconds, as many at a time as there are cores.
# usage: run-fuzzers.sh BUILD_FOLDER SECONDS
#
# The corpus grows in BUILD_FOLDER/corpus/NAME: libFuzzer writes into its first folder and only reads
# the second, the seeds of tests/fuzz/corpus. An input that crashes stays in BUILD_FOLDER/crashes.
#
# Seeds are written by hand. The bytes before the stream, by fuzzer: parser takes limits ("0": those
# of an ordinary client, "1": unauthenticated), the seed of the pieces and their greatest size;
# command takes the kind ("1": a raw stream) and the size of the pieces; reply the seed of the pieces
# and their greatest size; script_data the library ("m", "s", "j"); slot_map what it is ("m": a map,
# "r": a redirection); envelope, control_frame, raft_message and raft_store what the rest is, as their
# sources say.
# Envelopes, dictionaries, packets of replication and what is Raft's were made by the program itself.
set -euo pipefail
build=$1
seconds=$2
source=$(cd "$(dirname "$0")/.." && pwd)

run_one() {
  local fuzzer=$1 name seeds options=()
  name=$(basename "$fuzzer")
  seeds=$source/tests/fuzz/corpus/${name%_fuzzer}
  [ ! -f "$source/tests/fuzz/$name.dict" ] || options+=("-dict=$source/tests/fuzz/$name.dict")
  mkdir -p "$build/corpus/$name" "$build/crashes"
  options+=("-max_total_time=$seconds" -timeout=10 -rss_limit_mb=4096
    "-artifact_prefix=$build/crashes/$name-" "$build/corpus/$name")
  [ ! -d "$seeds" ] || options+=("$seeds")
  if "$fuzzer" "${options[@]}" >"$build/$name.log" 2>&1; then
    echo "$name: $(tail -n 1 "$build/$name.log")"
  else
    tail -n 60 "$build/$name.log"
    echo "$name FAILED; its input is in $build/crashes" >&2
    return 1
  fi
}
export -f run_one
export build seconds source

fuzzers=$(find "$build" -maxdepth 1 -name '*_fuzzer' -type f -perm -u+x | sort)
[ -n "$fuzzers" ] || { echo "no fuzzers in $build" >&2; exit 1; }
xargs -P "$(nproc)" -I{} bash -c 'run_one "$1"' _ {} <<<"$fuzzers"
