import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import type { Drift } from "./drift.ts";

const ALARM = "ecommerce-order-backlog-age";
const TOPIC = "ecommerce-alarms";
const DASHBOARD = "ecommerce-dashboard";

const alarm = (field: string, change: Partial<PutMetricAlarmCommandInput>): Drift => ({
  id: `cloudwatch:alarm/${ALARM}`,
  field,
  async make({ cloudwatch }) {
    const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [ALARM] });
    const it = MetricAlarms![0]!;
    await cloudwatch.putMetricAlarm({
      AlarmName: ALARM,
      AlarmDescription: it.AlarmDescription,
      ActionsEnabled: it.ActionsEnabled,
      AlarmActions: it.AlarmActions,
      OKActions: it.OKActions,
      Namespace: it.Namespace,
      MetricName: it.MetricName,
      Dimensions: it.Dimensions,
      Statistic: it.Statistic,
      Period: it.Period,
      ComparisonOperator: it.ComparisonOperator,
      Threshold: it.Threshold,
      DatapointsToAlarm: it.DatapointsToAlarm,
      EvaluationPeriods: it.EvaluationPeriods,
      TreatMissingData: it.TreatMissingData,
      ...change,
    });
  },
});

/** What somebody may do to dashboard and alarms in the console. */
export const monitoringDrifts: readonly Drift[] = [
  alarm("topic", { ActionsEnabled: false }),
  alarm("description", { AlarmDescription: "mine" }),
  alarm("namespace", { Namespace: "Mine" }),
  alarm("metric", { MetricName: "NumberOfMessagesSent" }),
  alarm("dimensions", { Dimensions: [{ Name: "QueueName", Value: "Another" }] }),
  alarm("statistic", { Statistic: "Average" }),
  alarm("period", { Period: 120 }),
  alarm("compare", { ComparisonOperator: "LessThanThreshold" }),
  alarm("threshold", { Threshold: 1e6 }),
  alarm("points", { DatapointsToAlarm: 1 }),
  alarm("periods", { EvaluationPeriods: 4 }),
  alarm("missing", { TreatMissingData: "ignore" }),
  {
    id: `sns:topic/${TOPIC}`,
    field: "publishers",
    async make({ sns }, have) {
      const TopicArn = have(`sns:topic/${TOPIC}`, "arn");
      const { Attributes } = await sns.getTopicAttributes({ TopicArn });
      const loosened = JSON.parse(Attributes?.Policy ?? "");
      loosened.Statement.push({ Effect: "Allow", Principal: "*", Action: "sns:Publish", Resource: TopicArn });
      const AttributeValue = JSON.stringify(loosened);
      await sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue });
    },
  },
  {
    id: `cloudwatch:dashboard/${DASHBOARD}`,
    field: "widgets",
    async make({ cloudwatch }) {
      const { DashboardBody = "" } = await cloudwatch.getDashboard({ DashboardName: DASHBOARD });
      const body = JSON.parse(DashboardBody);
      body.widgets.pop();
      await cloudwatch.putDashboard({ DashboardName: DASHBOARD, DashboardBody: JSON.stringify(body) });
    },
  },
];
