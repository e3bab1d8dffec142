#!/usr/bin/env bash
# Steps 1 to 8 of the guide by hand: plain `aws` commands, and a shop that sells at the end.
#
#   by-hand.sh ENDPOINT SERVICES     the endpoint of a local AWS; the folder with the services, bundled
#
# What belongs to one step and does not wait for another part of it runs at once, for each call starts a Python.
# The last line says where the shop is.
set -euo pipefail
endpoint=$1 services=$2
region=us-east-1 account=000000000000
# The shell's own configuration is nobody's business here.
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
export AWS_ACCESS_KEY_ID=hand AWS_SECRET_ACCESS_KEY=hand
unset AWS_PROFILE AWS_SESSION_TOKEN
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

aws() { command aws --endpoint-url "$endpoint" --region "$region" --output text "$@"; }
arn() { echo "arn:aws:$1:$region:$account:$2"; }
role() { echo "arn:aws:iam::$account:role/$1"; }

# Runs each function at once; fails if one of them does.
together() {
  local each pid pids=()
  for each in "$@"; do
    "$each" >/dev/null &
    pids+=($!)
  done
  local failed=0
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  return $failed
}

# Waits until a command answers what it should, for a minute.
until_it_is() {
  local wanted=$1
  shift
  for _ in $(seq 60); do
    if [ "$("$@" 2>/dev/null)" = "$wanted" ]; then return; fi
    sleep 1
  done
  echo "waited in vain for: $* = $wanted" >&2
  return 1
}

echo "1 the tables"
products() {
  aws dynamodb create-table --table-name Products --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=productID,AttributeType=S AttributeName=shard,AttributeType=S \
    AttributeName=updatedAt,AttributeType=N --key-schema AttributeName=productID,KeyType=HASH \
    --global-secondary-indexes '[{ "IndexName": "changes",
      "KeySchema": [{ "AttributeName": "shard", "KeyType": "HASH" }, { "AttributeName": "updatedAt", "KeyType": "RANGE" }],
      "Projection": { "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["name", "description", "category", "style", "price", "interest"] } }]'
  until_it_is ACTIVE aws dynamodb describe-table --table-name Products --query Table.TableStatus
  # The shard is the sum of the bytes of the productID, modulo 4.
  aws dynamodb batch-write-item --request-items '{ "Products": [
    { "PutRequest": { "Item": { "productID": { "S": "lamp" }, "name": { "S": "Reading Lamp" },
      "description": { "S": "Light where the book is." }, "category": { "S": "Desk" }, "price": { "N": "49.5" },
      "stock": { "N": "10" }, "updatedAt": { "N": "1" }, "shard": { "S": "2" } } } },
    { "PutRequest": { "Item": { "productID": { "S": "mug" }, "name": { "S": "Stoneware Mug" },
      "description": { "S": "Holds what it is given." }, "category": { "S": "Kitchen" }, "price": { "N": "12" },
      "stock": { "N": "0" }, "updatedAt": { "N": "1" }, "shard": { "S": "1" } } } }] }'
}
orders() {
  aws dynamodb create-table --table-name Orders --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=orderID,AttributeType=S --key-schema AttributeName=orderID,KeyType=HASH
}

echo "2 the topic"
topic() { aws sns create-topic --name ecommerce-events; }

echo "3 the queues"
queue() {
  local name=$1 policy
  # Nothing is delivered without it; the console adds it silently.
  policy='{ \"Version\": \"2012-10-17\", \"Statement\": [{ \"Effect\": \"Allow\", \"Principal\": { \"Service\": \"sns.amazonaws.com\" },
    \"Action\": \"sqs:SendMessage\", \"Resource\": \"'$(arn sqs "$name")'\",
    \"Condition\": { \"ArnEquals\": { \"aws:SourceArn\": \"'$(arn sns ecommerce-events)'\" } } }] }'
  aws sqs create-queue --queue-name "$name" --attributes "{ \"Policy\": \"${policy//$'\n'/ }\" }"
}
subscription() {
  aws sns subscribe --topic-arn "$(arn sns ecommerce-events)" --protocol sqs \
    --notification-endpoint "$(arn sqs "$1")" --attributes "$2"
}
order_queue() { queue OrderQueue; }
lookup_queue() { queue LookupQueue; }
order_subscription() {
  subscription OrderQueue '{ "RawMessageDelivery": "true", "FilterPolicy": "{\"eventType\": [\"order.placed\"]}" }'
}
lookup_subscription() {
  subscription LookupQueue '{ "RawMessageDelivery": "true", "FilterPolicy":
    "{\"eventType\": [\"product.searched\", \"product.viewed\", \"order.confirmed\", \"order.rejected\"]}" }'
}

echo "4 the images"
upload() {
  local repository=$1 file=$2 id size
  size=$(wc -c <"$file")
  id=$(aws ecr initiate-layer-upload --repository-name "$repository" --query uploadId)
  aws ecr upload-layer-part --repository-name "$repository" --upload-id "$id" --part-first-byte 0 \
    --part-last-byte $((size - 1)) --layer-part-blob "fileb://$file" >/dev/null
  aws ecr complete-layer-upload --repository-name "$repository" --upload-id "$id" --layer-digests "$(digest "$file")" >/dev/null
}
digest() { echo "sha256:$(sha256sum "$1" | cut -d ' ' -f 1)"; }
described() { echo "{ \"mediaType\": \"$1\", \"digest\": \"$(digest "$2")\", \"size\": $(wc -c <"$2") }"; }
image() {
  local name=$1 folder=$work/$1 oci=application/vnd.oci.image
  mkdir -p "$folder/app"
  aws ecr create-repository --repository-name "$name"
  cp "$services/$name/dist/server.mjs" "$folder/app/"
  tar -C "$folder" -cf "$folder/layer.tar" app
  gzip -k "$folder/layer.tar"
  echo "{ \"architecture\": \"amd64\", \"os\": \"linux\",
    \"config\": { \"Cmd\": [\"node\", \"/app/server.mjs\"], \"User\": \"1000:1000\" },
    \"rootfs\": { \"type\": \"layers\", \"diff_ids\": [\"$(digest "$folder/layer.tar")\"] } }" >"$folder/config.json"
  upload "$name" "$folder/layer.tar.gz"
  upload "$name" "$folder/config.json"
  echo "{ \"schemaVersion\": 2, \"mediaType\": \"$oci.manifest.v1+json\",
    \"config\": $(described $oci.config.v1+json "$folder/config.json"),
    \"layers\": [$(described $oci.layer.v1.tar+gzip "$folder/layer.tar.gz")] }" >"$folder/manifest.json"
  aws ecr put-image --repository-name "$name" --image-tag by-hand --image-manifest "file://$folder/manifest.json" \
    --image-manifest-media-type $oci.manifest.v1+json
}
web_image() { image web-server; }
lookup_image() { image product-lookup; }
order_image() { image order-processing; }

echo "5 the cluster"
cluster() { aws ecs create-cluster --cluster-name hw2-cluster --capacity-providers FARGATE; }
log_groups() {
  # Without its log group no task starts.
  for each in service-web service-search service-order service-connect; do
    aws logs create-log-group --log-group-name "/ecs/ecommerce/$each"
  done
}

echo "6 the roles"
trust='{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
  "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole" }] }'
task_role() {
  aws iam create-role --role-name ecs-task-role --assume-role-policy-document "$trust"
  for each in AmazonDynamoDBFullAccess AmazonSNSFullAccess AmazonSQSFullAccess; do
    aws iam attach-role-policy --role-name ecs-task-role --policy-arn "arn:aws:iam::aws:policy/$each"
  done
}
execution_role() {
  aws iam create-role --role-name ecs-execution-role --assume-role-policy-document "$trust"
  aws iam attach-role-policy --role-name ecs-execution-role \
    --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
}

together products orders topic order_queue lookup_queue
together order_subscription lookup_subscription cluster log_groups task_role execution_role
together web_image lookup_image order_image

echo "7 the services, and what stands before them"
aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId' >"$work/vpc"
aws ec2 describe-subnets --filters "Name=vpc-id,Values=$(<"$work/vpc")" --query 'Subnets[].SubnetId' >"$work/subnets"
vpc=$(<"$work/vpc")
read -r -a subnets <"$work/subnets"

security_group() {
  aws ec2 create-security-group --group-name "$1" --description "made by hand" --vpc-id "$vpc" --query GroupId >"$work/$1"
}
visitors() {
  security_group ecommerce-alb
  aws ec2 authorize-security-group-ingress --group-id "$(<"$work/ecommerce-alb")" --protocol tcp --port 80 --cidr 0.0.0.0/0
}
web_group() { security_group ecommerce-web; }
backend_group() { security_group ecommerce-backend; }
target_group() {
  aws elbv2 create-target-group --name ecommerce-web --target-type ip --protocol HTTP --port 8080 --vpc-id "$vpc" \
    --health-check-path /healthz --query 'TargetGroups[0].TargetGroupArn' >"$work/targets"
}
together visitors web_group backend_group target_group
web_rule() {
  aws ec2 authorize-security-group-ingress --group-id "$(<"$work/ecommerce-web")" --protocol tcp --port 8080 \
    --source-group "$(<"$work/ecommerce-alb")"
}
backend_rule() {
  aws ec2 authorize-security-group-ingress --group-id "$(<"$work/ecommerce-backend")" --protocol tcp --port 8080 \
    --source-group "$(<"$work/ecommerce-web")"
}
load_balancer() {
  aws elbv2 create-load-balancer --name ecommerce-alb --subnets "${subnets[@]}" \
    --security-groups "$(<"$work/ecommerce-alb")" --query 'LoadBalancers[0].[LoadBalancerArn, DNSName]' >"$work/balancer"
  aws elbv2 create-listener --load-balancer-arn "$(cut -f 1 "$work/balancer")" --protocol HTTP --port 80 \
    --default-actions "Type=forward,TargetGroupArn=$(<"$work/targets")"
}

# A service with its task definition: `service NAME CONTAINER SECURITY-GROUP NAME=VALUE… [-- further flags]`
service() {
  local name=$1 container=$2 group=$3 each environment=()
  shift 3
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    environment+=("{ \"name\": \"${1%%=*}\", \"value\": \"${1#*=}\" }")
    shift
  done
  [ $# -eq 0 ] || shift
  local registry=${endpoint#http://}
  aws ecs register-task-definition --family "$name" --network-mode awsvpc --requires-compatibilities FARGATE \
    --cpu 512 --memory 1024 --task-role-arn "$(role ecs-task-role)" --execution-role-arn "$(role ecs-execution-role)" \
    --container-definitions "[{ \"name\": \"$container\", \"image\": \"$registry/$container:by-hand\", \"essential\": true,
      \"portMappings\": [{ \"name\": \"$container\", \"containerPort\": 8080, \"appProtocol\": \"http\" }],
      \"environment\": [$(IFS=,; echo "${environment[*]}")],
      \"logConfiguration\": { \"logDriver\": \"awslogs\", \"options\": { \"awslogs-group\": \"/ecs/ecommerce/$name\",
        \"awslogs-region\": \"$region\", \"awslogs-stream-prefix\": \"ecs\" } } }]"
  aws ecs create-service --cluster hw2-cluster --service-name "$name" --task-definition "$name" --desired-count 1 \
    --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$(IFS=,; echo "${subnets[*]}")],securityGroups=[$(<"$work/$group")],assignPublicIp=ENABLED}" "$@"
}
url_of() { aws sqs get-queue-url --queue-name "$1" --query QueueUrl; }
search() { service service-search product-lookup ecommerce-backend PRODUCTS_TABLE=Products "LOOKUP_QUEUE_URL=$(url_of LookupQueue)"; }
order() {
  service service-order order-processing ecommerce-backend PRODUCTS_TABLE=Products ORDERS_TABLE=Orders \
    "ORDER_QUEUE_URL=$(url_of OrderQueue)" "TOPIC_ARN=$(arn sns ecommerce-events)"
}
web() {
  service service-web web-server ecommerce-web "TOPIC_ARN=$(arn sns ecommerce-events)" \
    PRODUCT_LOOKUP_URL=http://product-lookup:8080 ORDER_PROCESSING_URL=http://order-processing:8080 -- \
    --load-balancers "targetGroupArn=$(<"$work/targets"),containerName=web-server,containerPort=8080"
}
together web_rule backend_rule load_balancer
together search order web

echo "8 Service Connect"
namespace() { aws servicediscovery create-http-namespace --name ecommerce; }
namespace >/dev/null
namespace_arn() { aws servicediscovery list-namespaces --query "Namespaces[?Name=='ecommerce'].Arn"; }
for _ in $(seq 60); do
  namespace=$(namespace_arn)
  [ -z "$namespace" ] || break
  sleep 0.5
done
connect() {
  aws ecs update-service --cluster hw2-cluster --service "$1" --service-connect-configuration "{ \"enabled\": true,
    \"namespace\": \"$namespace\", \"services\": [{ \"portName\": \"$2\", \"discoveryName\": \"$2\",
    \"clientAliases\": [{ \"port\": 8080, \"dnsName\": \"$2\" }] }] }"
}
deployed() {
  until_it_is "COMPLETED" aws ecs describe-services --cluster hw2-cluster --services "$1" \
    --query 'services[0].deployments[].rolloutState'
}
connected_search() { connect service-search product-lookup && deployed service-search; }
connected_order() { connect service-order order-processing && deployed service-order; }
# A proxy knows the names that were there when its task began: the client comes last.
together connected_search connected_order
connect service-web web-server >/dev/null
deployed service-web

echo "The shop sells"
shop=http://$(cut -f 2 "$work/balancer")
status() { curl -s -o /dev/null -w '%{http_code}' "$shop/api/products/lamp"; }
until_it_is 200 status
order=$(cat /proc/sys/kernel/random/uuid)
curl -sf -H 'content-type: application/json' -d "{ \"orderID\": \"$order\", \"lines\": [{ \"productID\": \"lamp\", \"quantity\": 2 }],
  \"customer\": { \"name\": \"Ada Reader\", \"email\": \"ada@example.com\", \"address\": \"12 Long Lane\" } }" "$shop/api/orders" >/dev/null
decided() { curl -sf "$shop/api/orders/$order" | grep -o '"status":"[A-Z]*"'; }
until_it_is '"status":"CONFIRMED"' decided
echo "$shop"
