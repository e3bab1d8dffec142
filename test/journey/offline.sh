#!/usr/bin/env bash
# `up --local`, an order and `down --local` where there is no network but the loopback, in an environment full of traps.
# Runs as the first process of namespaces of its own: whatever it leaves behind ends with it.
#
#   unshare --net --pid --fork --kill-child --mount-proc offline.sh ECOMCTL
set -euo pipefail
ecomctl=$1
ip link set lo up
if [ "$(ip -o link | wc -l)" != 1 ] || [ -n "$(ip route show)" ]; then
  echo "there is more than the loopback" >&2
  exit 1
fi

# Whoever heeds one of these fails: nobody listens there, and there is no such profile.
nobody=http://127.0.0.1:9
export AWS_PROFILE=trap AWS_REGION=eu-north-1 AWS_ENDPOINT_URL=$nobody AWS_ENDPOINT_URL_SQS=$nobody AWS_ENDPOINT_URL_DYNAMODB=$nobody
export AWS_ACCESS_KEY_ID=trap AWS_SECRET_ACCESS_KEY=trap AWS_SESSION_TOKEN=trap
export AWS_CONTAINER_CREDENTIALS_FULL_URI=$nobody/credentials
export HTTP_PROXY=$nobody HTTPS_PROXY=$nobody ALL_PROXY=$nobody http_proxy=$nobody https_proxy=$nobody all_proxy=$nobody
unset AWS_EC2_METADATA_DISABLED

node "$ecomctl" up --local --yes >up.txt
shop=$(grep -o 'http://127\.0\.0\.1:[0-9]*' up.txt | head -1)
ask() { curl -sf --noproxy '*' --max-time 20 "$@"; }

order=$(cat /proc/sys/kernel/random/uuid)
ask -o /dev/null -H 'content-type: application/json' "$shop/api/orders" -d "{ \"orderID\": \"$order\",
  \"lines\": [{ \"productID\": \"kitchen-olivewood-spoon\", \"quantity\": 1 }],
  \"customer\": { \"name\": \"Ada Reader\", \"email\": \"ada@example.com\", \"address\": \"12 Long Lane\" } }"
for _ in $(seq 100); do
  decided=$(ask "$shop/api/orders/$order" | grep -o '"status":"[A-Z]*"' || true)
  [ -z "$decided" ] || break
  sleep 0.2
done
echo "$decided"

node "$ecomctl" down --local --yes --delete-data
for _ in $(seq 50); do
  left=$(for each in /proc/[0-9]*/cmdline; do tr '\0' ' ' <"$each" 2>/dev/null || true; echo; done | grep -c '[n]ode ' || true)
  [ "$left" != 0 ] || break
  sleep 0.2
done
echo "processes left: $left"
