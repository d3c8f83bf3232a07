# Sourced by the scripts that test: `check NAME COMMAND...` prints "ok NAME" or "not ok NAME" with what the command printed.
# tests/run counts these lines.
check() {
  local name=$1 said status=0
  shift
  said=$("$@" 2>&1) || status=$?
  if [ "$status" = 0 ]; then
    echo "ok $name"
  else
    echo "not ok $name"
    [ -z "$said" ] || sed 's/^/    /' <<<"$said" | head -n 60
    failures=$((${failures:-0} + 1))
  fi
}
report() { [ "${failures:-0}" = 0 ]; }
