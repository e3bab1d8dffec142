import { publicAddress } from "../aws/ecs/address.ts";
import type { Survey } from "../engine/survey.ts";
import { PORT } from "../steps/7-front-door.ts";
import type { Session } from "./session.ts";
import { shopUrl } from "./show/status.ts";

/** The address of the shop: its load balancer's, or, without one, that of a task of its web service. */
export async function addressOf({ aws, shop, platform }: Session, survey: Survey): Promise<string | undefined> {
  if (shop.loadBalancer) return shopUrl(platform.shop.door.id, survey, shop.certificate !== null);
  const address = aws && (await publicAddress(aws, shop.names.cluster, shop.names.webService, PORT));
  return address && `http://${address}`;
}
