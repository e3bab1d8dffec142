import type { AccountAttribute, EC2 } from "@aws-sdk/client-ec2";
import { type Handlers, Refusal } from "../service.ts";
import { filtered } from "./filter.ts";
import type { Ec2State } from "./state.ts";

const regions =
  "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2".split(
    " ",
  );

/** `use1-az1` for `us-east-1a`: the id of a zone is the same for all accounts. */
export function zoneId(region: string, zone: string): string {
  const [continent = "", direction = "", number = ""] = region.split("-");
  const initials = direction.replace(/^(north|south)(east|west)$/, "$1-$2").split("-");
  const short = initials.map((word) => word[0]).join("");
  return `${continent}${short}${number}-az${zone.charCodeAt(0) - 96}`;
}

/** The zones of a region. */
export const zones = ["a", "b", "c"];

/** Regions, their zones, and what the account may have. */
export const places: Handlers<EC2, Ec2State> = {
  DescribeRegions: (input) => {
    const all = regions.map((name) => ({ name, endpoint: `ec2.${name}.amazonaws.com`, tags: [] }));
    const unknown = input.RegionNames?.find((name) => !regions.includes(name));
    if (unknown !== undefined) throw new Refusal("InvalidParameterValue", `Invalid region name: ${unknown}`);
    const found = filtered(all, input.Filters, {
      "region-name": ({ name }) => name,
      endpoint: ({ endpoint }) => endpoint,
      "opt-in-status": () => "opt-in-not-required",
    }).filter(({ name }) => input.RegionNames?.includes(name) ?? true);
    return {
      Regions: found.map(({ name, endpoint }) => ({
        RegionName: name,
        Endpoint: endpoint,
        OptInStatus: "opt-in-not-required",
      })),
    };
  },
  DescribeAvailabilityZones: (input, { region }) => {
    const all = zones.map((zone) => ({ name: region + zone, zoneId: zoneId(region, zone), tags: [] }));
    const found = filtered(all, input.Filters, {
      "zone-name": ({ name }) => name,
      "zone-id": (zone) => zone.zoneId,
      "region-name": () => region,
      state: () => "available",
      "zone-type": () => "availability-zone",
      "opt-in-status": () => "opt-in-not-required",
      "group-name": () => region,
    })
      .filter(({ name }) => input.ZoneNames?.includes(name) ?? true)
      .filter((zone) => input.ZoneIds?.includes(zone.zoneId) ?? true);
    return {
      AvailabilityZones: found.map((zone) => ({
        ZoneName: zone.name,
        ZoneId: zone.zoneId,
        ZoneType: "availability-zone",
        RegionName: region,
        GroupName: region,
        NetworkBorderGroup: region,
        OptInStatus: "opt-in-not-required",
        State: "available",
        Messages: [],
      })),
    };
  },
  DescribeAccountAttributes: (input, { state }) => {
    const vpc = Object.values(state.vpcs).find(({ isDefault }) => isDefault);
    const values: Record<string, string[]> = {
      "supported-platforms": ["VPC"],
      "default-vpc": [vpc?.id ?? "none"],
      "max-instances": ["20"],
      "vpc-max-security-groups-per-interface": ["5"],
      "max-elastic-ips": ["5"],
      "vpc-max-elastic-ips": ["5"],
    };
    const wanted: readonly string[] = input.AttributeNames ?? Object.keys(values);
    const shown: AccountAttribute[] = wanted.flatMap((name) => {
      const found = values[name];
      return found
        ? [{ AttributeName: name, AttributeValues: found.map((AttributeValue) => ({ AttributeValue })) }]
        : [];
    });
    return { AccountAttributes: shown };
  },
};
