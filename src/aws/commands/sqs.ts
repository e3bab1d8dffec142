export {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  SQSClient as Client,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
