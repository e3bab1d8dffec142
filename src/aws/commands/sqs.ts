export {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  SQSClient as Client,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
