export {
  BatchGetBuildsCommand,
  BatchGetProjectsCommand,
  CodeBuildClient as Client,
  CreateProjectCommand,
  DeleteProjectCommand,
  ListBuildsForProjectCommand,
  StopBuildCommand,
  UpdateProjectCommand,
} from "@aws-sdk/client-codebuild";
