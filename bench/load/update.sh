#!/bin/sh
# Updates one device as one writes it with net-snmp today: ADDRESS:PORT, ID, the
# TFTP server's port and its directory. It checks what the device says of each
# operation, that the backup has arrived, and the version at the end.
set -eu
agent=$1 id=$2 port=$3 dir=$4
oper=1.3.6.1.4.1.8072.9999.9999.3729.1.2.1

get() { snmpget -v2c -c public -t 2 -r 2 -Oqv "$agent" "$1"; }

# operation TYPE FILE SECONDS
operation() {
	row=$(( $(od -An -N3 -tu4 /dev/urandom) + 1 ))
	snmpset -v2c -c public -t 2 -r 0 "$agent" $oper.2.$row i "$1" $oper.3.$row i 1 $oper.4.$row i 1 $oper.5.$row x 7F000001 \
		$oper.6.$row u "$port" $oper.7.$row s "$2" $oper.15.$row i 4 >/dev/null
	waited=0
	while :; do
		state=$(get $oper.10.$row 2>/dev/null || echo none)
		case $state in
		3) return 0 ;;
		4) echo "$id: operation $1 failed" >&2; return 1 ;;
		esac
		[ $waited -lt "$3" ] || { echo "$id: operation $1 timed out" >&2; return 1; }
		sleep 1
		waited=$((waited + 1))
		# after a load the row may be gone with the restart
		[ "$1" != 2 ] || [ "$state" != none ] || [ $waited -lt 5 ] || return 0
	done
}

operation 1 "$id.cfg" 30
[ -s "$dir/$id.cfg" ] || { echo "$id: no backup" >&2; exit 1; }
operation 2 iad.img 120
waited=0
until [ "$(get 1.3.6.1.4.1.8072.9999.9999.3729.1.1.3.0 2>/dev/null | tr -d '"')" = 2.0 ]; do
	[ $waited -lt 60 ] || { echo "$id: it does not run 2.0" >&2; exit 1; }
	sleep 1
	waited=$((waited + 1))
done
operation 3 "$id.cfg" 30
echo "$id: updated"
