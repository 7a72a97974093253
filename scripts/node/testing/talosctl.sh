#!/bin/sh
# talosctl, played: prints what a folder has for a call, and keeps a list of the calls, each a line of JSON. FAKE_TALOSCTL
# is that folder. A shell, since a test starts some hundred of these: node takes thirty times as long.
set -eu
line=
node=
before=
for argument; do
  case $argument in *[\"\\]*) echo "error: expected an argument without quotes, got $argument" >&2; exit 2 ;; esac
  [ "$before" != --nodes ] || node=$argument
  before=$argument
  line="$line${line:+,}\"$argument\""
done
printf '[%s]\n' "$line" >>"$FAKE_TALOSCTL/calls"
[ "$1" != version ] || exec cat "$FAKE_TALOSCTL/version"
[ ! -e "$FAKE_TALOSCTL/$node.hangs" ] || exec sleep 1000
case $1 in get) file=$FAKE_TALOSCTL/$2.$node ;; *) file=$FAKE_TALOSCTL/services-table.$node ;; esac
[ ! -e "$file" ] || exec cat "$file"
echo 'error: resource type is not registered' >&2
exit 1
