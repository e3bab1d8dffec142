import { expect, test } from "vitest";
import { arn, ConfigError, readConfig, text, url } from "../src/config.ts";

const variables = { TABLE: text, NEIGHBOUR_URL: url, TOPIC_ARN: arn("sns") };
const good = {
  AWS_REGION: "eu-central-1",
  TABLE: "Products",
  NEIGHBOUR_URL: "http://product-lookup:8080/",
  TOPIC_ARN: "arn:aws:sns:eu-central-1:123456789012:ecommerce-events",
};

test("the configuration is what the environment says, with defaults for port and log level", () => {
  expect(readConfig(variables, good)).toEqual({
    ...good,
    NEIGHBOUR_URL: "http://product-lookup:8080",
    PORT: 8080,
    LOG_LEVEL: "info",
  });
  expect(readConfig(variables, { ...good, PORT: "9000", LOG_LEVEL: "debug" })).toMatchObject({
    PORT: 9000,
    LOG_LEVEL: "debug",
  });
});

test("every missing or bad variable is named, an empty one is missing", () => {
  const bad = { ...good, TABLE: "", NEIGHBOUR_URL: "product-lookup", TOPIC_ARN: "arn:aws:sqs:x:1:y", PORT: "many" };
  const problems = () => {
    try {
      readConfig(variables, bad);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map((problem) => problem.split(/[ =]/)[0]);
      throw error;
    }
    return [];
  };
  expect(problems().sort()).toEqual(["NEIGHBOUR_URL", "PORT", "TABLE", "TOPIC_ARN"]);
  expect(() => readConfig(variables, bad)).toThrow(/TABLE is missing/);
});
