import type { AttachmentStatus, EC2, RouteTable as ShownTable } from "@aws-sdk/client-ec2";
import { type Handlers, Refusal } from "../service.ts";
import { canonical } from "./addresses.ts";
import { filtered, paged, type Words } from "./filter.ts";
import { asked, byId, type Ec2State, type Gateway, newId, type RouteTable, tagsFor } from "./state.ts";

const isMain = (association: { subnet?: string }) => association.subnet === undefined;

const tableWords = (state: Ec2State): Words<RouteTable> => ({
  "route-table-id": (table) => table.id,
  "vpc-id": (table) => table.vpc,
  "association.main": (table) => table.associations.some(isMain),
  "association.subnet-id": (table) => table.associations.map((association) => association.subnet),
  "association.route-table-association-id": (table) => table.associations.map((association) => association.id),
  "association.route-table-id": (table) => (table.associations.length > 0 ? table.id : undefined),
  "route.destination-cidr-block": (table) => [
    byId(state, "vpcs", table.vpc).cidr,
    ...table.routes.map((route) => route.cidr),
  ],
  "route.gateway-id": (table) => ["local", ...table.routes.map((route) => route.gateway)],
  "route.state": () => "active",
});

const shownTable = (state: Ec2State, table: RouteTable, account: string): ShownTable => ({
  RouteTableId: table.id,
  VpcId: table.vpc,
  OwnerId: account,
  Associations: table.associations.map((association) => ({
    RouteTableAssociationId: association.id,
    RouteTableId: table.id,
    SubnetId: association.subnet,
    Main: isMain(association),
    AssociationState: { State: "associated" },
  })),
  PropagatingVgws: [],
  Routes: [
    {
      DestinationCidrBlock: byId(state, "vpcs", table.vpc).cidr,
      GatewayId: "local",
      Origin: "CreateRouteTable",
      State: "active",
    },
    ...table.routes.map((route) => ({
      DestinationCidrBlock: route.cidr,
      GatewayId: route.gateway,
      Origin: "CreateRoute" as const,
      State: state.gateways[route.gateway]?.vpc === table.vpc ? ("active" as const) : ("blackhole" as const),
    })),
  ],
  Tags: table.tags,
});

const gatewayWords: Words<Gateway> = {
  "internet-gateway-id": (gateway) => gateway.id,
  "attachment.vpc-id": (gateway) => gateway.vpc,
  "attachment.state": (gateway) => (gateway.vpc === undefined ? undefined : "available"),
};

// AWS says `available` here, a word that its own list of states does not hold.
const attached = "available" as string as AttachmentStatus;

const shownGateway = (gateway: Gateway, account: string) => ({
  InternetGatewayId: gateway.id,
  OwnerId: account,
  Attachments: gateway.vpc === undefined ? [] : [{ VpcId: gateway.vpc, State: attached }],
  Tags: gateway.tags,
});

/** Internet gateways. */
export const gateways: Handlers<EC2, Ec2State> = {
  CreateInternetGateway: (input, { state, account }) => {
    const gateway: Gateway = { id: newId("igw"), tags: tagsFor(input.TagSpecifications, "internet-gateway") };
    state.gateways[gateway.id] = gateway;
    return { InternetGateway: shownGateway(gateway, account) };
  },
  DescribeInternetGateways: (input, { state, account }) => {
    const found = filtered(asked(state, "gateways", input.InternetGatewayIds), input.Filters, gatewayWords);
    const { items, next } = paged(found, input);
    return { InternetGateways: items.map((gateway) => shownGateway(gateway, account)), NextToken: next };
  },
  AttachInternetGateway: (input, { state }) => {
    const gateway = byId(state, "gateways", input.InternetGatewayId);
    const { id } = byId(state, "vpcs", input.VpcId);
    if (gateway.vpc !== undefined)
      throw new Refusal(
        "Resource.AlreadyAssociated",
        `resource ${gateway.id} is already attached to network ${gateway.vpc}`,
      );
    if (Object.values(state.gateways).some((other) => other.vpc === id))
      throw new Refusal("InvalidParameterValue", `Network ${id} already has an internet gateway attached`);
    gateway.vpc = id;
  },
  DetachInternetGateway: (input, { state }) => {
    const gateway = byId(state, "gateways", input.InternetGatewayId);
    if (gateway.vpc === undefined || gateway.vpc !== input.VpcId)
      throw new Refusal("Gateway.NotAttached", `resource ${gateway.id} is not attached to network ${input.VpcId}`);
    delete gateway.vpc;
  },
  DeleteInternetGateway: (input, { state }) => {
    const gateway = byId(state, "gateways", input.InternetGatewayId);
    if (gateway.vpc !== undefined)
      throw new Refusal(
        "DependencyViolation",
        `The internetGateway '${gateway.id}' has dependencies and cannot be deleted.`,
      );
    delete state.gateways[gateway.id];
  },
};

/** Route tables: what makes a subnet public. */
export const routes: Handlers<EC2, Ec2State> = {
  CreateRouteTable: (input, { state, account }) => {
    const { id: vpc } = byId(state, "vpcs", input.VpcId);
    const tags = tagsFor(input.TagSpecifications, "route-table");
    const table: RouteTable = { id: newId("rtb"), vpc, associations: [], routes: [], tags };
    state.routeTables[table.id] = table;
    return { RouteTable: shownTable(state, table, account) };
  },
  DescribeRouteTables: (input, { state, account }) => {
    const found = filtered(asked(state, "routeTables", input.RouteTableIds), input.Filters, tableWords(state));
    const { items, next } = paged(found, input);
    return { RouteTables: items.map((table) => shownTable(state, table, account)), NextToken: next };
  },
  CreateRoute: (input, { state }) => {
    const table = byId(state, "routeTables", input.RouteTableId);
    const { id: gateway } = byId(state, "gateways", input.GatewayId);
    const cidr = canonical(input.DestinationCidrBlock ?? "");
    if (table.routes.some((route) => route.cidr === cidr))
      throw new Refusal("RouteAlreadyExists", `The route identified by ${cidr} already exists.`);
    table.routes.push({ cidr, gateway });
    return { Return: true };
  },
  DeleteRoute: (input, { state }) => {
    const table = byId(state, "routeTables", input.RouteTableId);
    const left = table.routes.filter((route) => route.cidr !== input.DestinationCidrBlock);
    if (left.length === table.routes.length)
      throw new Refusal(
        "InvalidRoute.NotFound",
        `no route with destination-cidr-block ${input.DestinationCidrBlock} in route table ${table.id}`,
      );
    table.routes = left;
  },
  AssociateRouteTable: (input, { state }) => {
    const table = byId(state, "routeTables", input.RouteTableId);
    const { id: subnet } = byId(state, "subnets", input.SubnetId);
    const taken = Object.values(state.routeTables).some((other) =>
      other.associations.some((association) => association.subnet === subnet),
    );
    if (taken)
      throw new Refusal(
        "Resource.AlreadyAssociated",
        `the specified association for route table ${table.id} conflicts with an existing association`,
      );
    const id = newId("rtbassoc");
    table.associations.push({ id, subnet });
    return { AssociationId: id, AssociationState: { State: "associated" } };
  },
  DisassociateRouteTable: (input, { state }) => {
    const own = ({ id }: { id: string }) => id === input.AssociationId;
    const table = Object.values(state.routeTables).find((other) => other.associations.some(own));
    if (table === undefined)
      throw new Refusal("InvalidAssociationID.NotFound", `The association ID '${input.AssociationId}' does not exist`);
    if (table.associations.some((association) => own(association) && isMain(association)))
      throw new Refusal(
        "InvalidParameterValue",
        `cannot disassociate the main route table association ${input.AssociationId}`,
      );
    table.associations = table.associations.filter((association) => !own(association));
  },
  DeleteRouteTable: (input, { state }) => {
    const table = byId(state, "routeTables", input.RouteTableId);
    if (table.associations.length > 0)
      throw new Refusal("DependencyViolation", `The routeTable '${table.id}' has dependencies and cannot be deleted.`);
    delete state.routeTables[table.id];
  },
};
