#!/bin/sh
# Asks Claude and answers its permission requests, with curl and sh:
# CLAUDE_API_KEY=... sh ask.sh "Create a file called hello.txt"
set -eu

api=${CLAUDE_CODE_API_URL:-http://127.0.0.1:3050/api/v1}
prompt=${1:?usage: ask.sh PROMPT}

# The key goes to curl by a file descriptor: arguments can be seen by other users of the machine.
call() {
  curl -sS --fail-with-body -K - -H 'content-type: application/json' "$@" <<END
header = "x-api-key: ${CLAUDE_API_KEY:-}"
END
}
# The first string field of this name. Enough for ids and short texts; use jq for more.
field() { sed -n 's/.*"'"$1"'":"\(\([^"\\]\|\\.\)*\)".*/\1/p' | head -n 1; }
# A JSON string of a text in one line.
quote() { printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/.*/"&"/'; }

# Where the server refuses, its answer says why.
answer=$(call -d '{"permissionPrompts":"ask"}' "$api/sessions") || { printf '%s\n' "$answer" >&2; exit 1; }
session=$(printf '%s\n' "$answer" | field sessionId)
body="{\"prompt\":$(quote "$prompt"),\"background\":true}"
answer=$(call -d "$body" "$api/sessions/$session/messages") || { printf '%s\n' "$answer" >&2; exit 1; }
turn=$(printf '%s\n' "$answer" | field turnId)

# The answers of the person come from descriptor 3, because the loop reads events from standard input.
exec 3<&0
call -N "$api/sessions/$session/events?turnId=$turn" | while read -r name value; do
  case $name in
    event:) event=$value ;;
    data:)
      case $event in
        permission.requested)
          printf '%s\n' "$value" | sed 's/.*"toolName":"\([^"]*\)".*"input":\({[^}]*}\).*/\1: \2 (yes or no)/'
          read -r said <&3 || said=no
          if [ "$said" = yes ]; then decision=allow; else decision=deny; fi
          permission=$(printf '%s' "$value" | field permissionId)
          call -d "{\"decision\":\"$decision\"}" "$api/sessions/$session/permissions/$permission" >/dev/null
          ;;
        turn.completed)
          printf 'Claude: %s\n' "$(printf '%s' "$value" | field response)"
          exit 0
          ;;
        turn.failed | turn.interrupted | turn.timed_out | turn.lost)
          printf '%s: %s\n' "$event" "$(printf '%s' "$value" | field message)" >&2
          exit 1
          ;;
      esac
      ;;
  esac
done
