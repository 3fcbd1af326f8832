# keep FOLDER SIGNAL PREPARE PROGRAM [ARGUMENT..]
#
# Runs a server for as long as standard input is open. The one who holds the other end cannot
# forget to close it: it closes however that process ends.
folder=$1 signal=$2 prepare=$3
shift 3

cd "$folder" || exit
exec 3<&0 4>&2 </dev/null >log 2>&1
if eval "$prepare"; then
    "$@" 3<&- 4>&- &
    server=$!
    {
        read -r _
        : >stopped
        # A shell's background starts out deaf to some signals: until the server listens, repeat.
        while kill -s "$signal" "$server"; do sleep 0.1; done
    } <&3 4>&- &
    watch=$!
    wait "$server"
    [ -e stopped ] || kill "$watch"
    wait "$watch"
fi
[ -e stopped ] || tail -n 20 log >&4
cd / && rm -rf -- "$folder"
