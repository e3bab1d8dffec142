import { connections } from "../connections/index.ts";
import { archiveOf, commitOf, headOf, repositoryFolder } from "../git/repository.ts";
import type { Local } from "../service.ts";
import type { Work } from "./action.ts";
import { ActionFailure } from "./role.ts";

/** Whether a connection can be used: it is there, and a person has finished its handshake. */
export const isAvailable = (local: Local, arn: string): boolean =>
  local.state(connections, arn.split(":")[3] ?? "").connections[arn.split("/").at(-1) ?? ""]?.status === "AVAILABLE";

/** Fetches a commit from the repository on this machine that stands for the Git host's. Throws ActionFailure. */
export async function fetchSource(work: Work): Promise<void> {
  const { local, region, execution, action, record, configuration, role } = work;
  const {
    ConnectionArn = "",
    FullRepositoryId = "",
    BranchName = "",
    OutputArtifactFormat = "CODE_ZIP",
  } = configuration;
  // The action's prefix is that of the connection's ARN.
  role.demand(`${ConnectionArn.split(":")[2]}:UseConnection`, ConnectionArn);
  if (!isAvailable(local, ConnectionArn))
    throw new ActionFailure("ConfigurationError", `The connection ${ConnectionArn} is not in AVAILABLE status`);
  if (OutputArtifactFormat !== "CODE_ZIP")
    throw new ActionFailure(
      "ConfigurationError",
      `OutputArtifactFormat ${OutputArtifactFormat} is not available on this machine`,
    );

  const folder = repositoryFolder(local, FullRepositoryId);
  const id = execution.commits[action.name] ?? headOf(folder, BranchName);
  if (id === undefined)
    throw new ActionFailure(
      "RevisionUnavailable",
      `[GitHub] No Branch [${BranchName}] found for FullRepositoryName [${FullRepositoryId}] (on this machine it is ${folder}: \`git clone --bare . ${folder}\` makes it)`,
    );
  const [commit, archive] = await Promise.all([commitOf(folder, id), archiveOf(folder, id)]);
  const [output] = work.outputs;
  if (output) await role.write(output.place, archive);

  const summary = JSON.stringify({ ProviderType: "GitHub", CommitMessage: commit.message });
  const query = new URLSearchParams({
    connectionArn: ConnectionArn,
    referenceType: "COMMIT",
    FullRepositoryId,
    Commit: id,
  });
  const url = `https://${region}.console.aws.amazon.com/codesuite/settings/connections/redirect?${query}`;
  const at = Date.parse(commit.date);
  execution.revisions = [
    ...execution.revisions.filter((each) => each.action !== action.name),
    { action: action.name, artifact: output?.name ?? "", id, summary, url, at },
  ];
  Object.assign(record, { summary, externalId: id, externalUrl: url });
  record.variables = {
    AuthorDate: commit.date,
    AuthorDisplayName: commit.author,
    AuthorEmail: commit.email,
    AuthorId: commit.author,
    BranchName,
    CommitId: id,
    CommitMessage: commit.message,
    ConnectionArn,
    FullRepositoryName: FullRepositoryId,
    ProviderType: "GitHub",
  };
}
