import { dynamodb } from "../../../src/local/dynamodb/dynamodb.ts";
import { startLocal } from "../../../src/local/server.ts";
import { sns } from "../../../src/local/sns/sns.ts";
import { sqs } from "../../../src/local/sqs/sqs.ts";

// A local AWS in a process of its own, to be killed: says its URL on a line, and runs until then.
const { url } = await startLocal({ dir: process.argv[2] ?? "", port: 0, services: [dynamodb, sqs, sns] });
process.stdout.write(`${url}\n`);
