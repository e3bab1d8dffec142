import type { EC2, ResourceType, Tag } from "@aws-sdk/client-ec2";
import { type Handlers, Refusal } from "../service.ts";
import { filtered, paged } from "./filter.ts";
import { byId, type Ec2State } from "./state.ts";

interface Tagged {
  id: string;
  tags: Tag[];
}

const types: Readonly<Record<string, ResourceType>> = {
  vpc: "vpc",
  subnet: "subnet",
  igw: "internet-gateway",
  rtb: "route-table",
  sg: "security-group",
  sgr: "security-group-rule",
  eni: "network-interface",
};

const prefixOf = (id: string): string => id.slice(0, id.indexOf("-"));

/** The thing with an id, whatever it is. @throws Invalid….NotFound, InvalidID */
function thing(state: Ec2State, id: string): Tagged {
  const prefix = prefixOf(id);
  if (prefix === "vpc") return byId(state, "vpcs", id);
  if (prefix === "subnet") return byId(state, "subnets", id);
  if (prefix === "igw") return byId(state, "gateways", id);
  if (prefix === "rtb") return byId(state, "routeTables", id);
  if (prefix === "sg") return byId(state, "groups", id);
  if (prefix === "eni") return byId(state, "interfaces", id);
  const rule = Object.values(state.groups)
    .flatMap((group) => group.rules)
    .find((candidate) => candidate.id === id);
  if (rule === undefined) throw new Refusal("InvalidID", `The ID '${id}' is not valid`);
  return rule;
}

const all = (state: Ec2State): Tagged[] => [
  ...[state.vpcs, state.subnets, state.gateways, state.routeTables, state.groups, state.interfaces].flatMap(
    (things): Tagged[] => Object.values(things),
  ),
  ...Object.values(state.groups).flatMap((group) => group.rules),
];

/** Tags of everything that has an id. */
export const tags: Handlers<EC2, Ec2State> = {
  CreateTags: (input, { state }) => {
    const things = (input.Resources ?? []).map((id) => thing(state, id));
    const given = input.Tags ?? [];
    if (given.some((tag) => tag.Key?.startsWith("aws:")))
      throw new Refusal("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use");
    const kept = (item: Tagged) => item.tags.filter((have) => !given.some((tag) => tag.Key === have.Key));
    if (things.some((item) => kept(item).length + given.length > 50))
      throw new Refusal("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
    for (const item of things)
      item.tags = [...kept(item), ...given.map(({ Key, Value }) => ({ Key, Value: Value ?? "" }))];
  },
  DeleteTags: (input, { state }) => {
    const things = (input.Resources ?? []).map((id) => thing(state, id));
    // Without tags all go; a value, where given, must be the one that is there.
    const goes = (have: Tag) =>
      input.Tags?.some((tag) => tag.Key === have.Key && (tag.Value === undefined || tag.Value === have.Value)) ?? true;
    for (const item of things) item.tags = item.tags.filter((have) => !goes(have));
  },
  DescribeTags: (input, { state }) => {
    const rows = all(state).flatMap(({ id, tags: own }) =>
      own.map((tag) => ({ id: `${id} ${tag.Key}`, resource: id, key: tag.Key, value: tag.Value, tags: own })),
    );
    const found = filtered(rows, input.Filters, {
      "resource-id": (row) => row.resource,
      "resource-type": (row) => types[prefixOf(row.resource)],
      key: (row) => row.key,
      value: (row) => row.value,
    });
    const { items, next } = paged(found, input);
    return {
      Tags: items.map((row) => ({
        ResourceId: row.resource,
        ResourceType: types[prefixOf(row.resource)],
        Key: row.key,
        Value: row.value,
      })),
      NextToken: next,
    };
  },
};
