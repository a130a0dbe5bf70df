"""What runs in the stack: cluster, logs (S1-43), events of tasks, the worker, and the alarms over it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cloudformation import statements
from tests.unit.deployments.infrastructure import SECRET, infrastructure

QUEUES = ("EventsQueue", "EventsDeadLetterQueue")


def worker_container(**parameters: str) -> dict[str, Any]:
    (container,) = infrastructure(**parameters).properties("WorkerTaskDefinition")["ContainerDefinitions"]
    assert isinstance(container, dict)
    return container


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in container["Environment"]}


# Logs


def test_flow_runs_log_where_s1_43_says_and_for_a_time() -> None:
    group = infrastructure(LogRetentionDays="90").properties("ProcessorLogGroup")
    assert group == {"LogGroupName": "/ecs/ai-techne-academy-processor-dev", "RetentionInDays": "90"}
    assert infrastructure().outputs["LogGroup"] == "ProcessorLogGroup"


def test_no_log_is_kept_for_ever() -> None:
    groups = infrastructure().of_type("AWS::Logs::LogGroup")
    assert len(groups) == 2
    assert all(int(group["RetentionInDays"]) > 0 for group in groups.values())


# Events of tasks


def test_the_queue_has_the_name_that_prefects_worker_listens_to() -> None:
    assert infrastructure().properties("EventsQueue")["QueueName"] == "prefect-ecs-tasks-events"
    environment = environment_of(worker_container(EventsQueueName="events-prod"))
    assert environment["PREFECT_INTEGRATIONS_AWS_ECS_OBSERVER_SQS_QUEUE_NAME"] == "events-prod"


def test_every_change_of_the_clusters_tasks_reaches_the_queue_or_the_dead_letters() -> None:
    rule = infrastructure().properties("TaskEventsRule")
    assert rule["EventPattern"] == {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {"clusterArn": ["Cluster.Arn"]},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == "EventsQueue.Arn"
    assert target["DeadLetterConfig"] == {"Arn": "EventsDeadLetterQueue.Arn"}


def test_what_the_worker_fails_to_handle_three_times_is_a_dead_letter() -> None:
    redrive = infrastructure().properties("EventsQueue")["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": "EventsDeadLetterQueue.Arn", "maxReceiveCount": 3}


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_takes_messages_of_the_rule_alone(queue: str) -> None:
    stack = infrastructure()
    assert stack.properties(queue)["SqsManagedSseEnabled"] is True
    policy = stack.properties(f"{queue}Policy")
    assert policy["Queues"] == [queue]
    send, deny = statements(policy["PolicyDocument"])
    assert (send.effect, send.principals, send.actions) == (
        "Allow",
        ("events.amazonaws.com",),
        ("sqs:SendMessage",),
    )
    assert send.resources == deny.resources == (f"{queue}.Arn",)
    assert send.conditions == {"ArnEquals": {"aws:SourceArn": "TaskEventsRule.Arn"}}
    assert deny.effect == "Deny"
    assert deny.conditions == {"Bool": {"aws:SecureTransport": "false"}}


# Network


def test_nobody_can_call_a_task() -> None:
    group = infrastructure().properties("TaskSecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert not infrastructure().of_type("AWS::EC2::SecurityGroupIngress")


def test_tasks_call_the_world_by_https_and_the_own_network_on_any_port() -> None:
    world, internal = infrastructure(InternalCidr="172.16.0.0/12").properties("TaskSecurityGroup")[
        "SecurityGroupEgress"
    ]
    assert (world["CidrIp"], world["FromPort"], world["ToPort"]) == ("0.0.0.0/0", 443, 443)
    assert internal["CidrIp"] == "172.16.0.0/12"
    assert {world["IpProtocol"], internal["IpProtocol"]} == {"tcp"}


# Worker


def test_without_an_image_there_is_everything_but_the_worker() -> None:
    stack = infrastructure(Image="")
    absent = set(infrastructure().resources) - set(stack.resources)
    assert absent == {"WorkerTaskDefinition", "WorkerService", "SilentWorkerAlarm"}


def test_the_worker_knows_its_server_by_address_and_secret() -> None:
    container = worker_container()
    assert environment_of(container)["PREFECT_API_URL"] == "http://prefect.internal:4200/api"
    assert container["Secrets"] == [{"Name": "PREFECT_API_AUTH_STRING", "ValueFrom": SECRET}]


def test_no_secret_stands_in_an_environment() -> None:
    names = environment_of(worker_container())
    assert not [name for name in names if any(word in name for word in ("AUTH", "KEY", "PASSWORD", "TOKEN"))]


def test_the_worker_serves_its_pool_and_does_not_make_it() -> None:
    command = worker_container(WorkPoolName="pool-7")["Command"]
    assert command[:3] == ["prefect", "worker", "start"]
    assert command[command.index("--pool") + 1] == "pool-7"
    assert command[command.index("--type") + 1] == "ecs"
    assert "--no-create-pool-if-not-found" in command


def test_the_workers_container_can_write_nowhere_but_to_its_scratch() -> None:
    container = worker_container()
    assert container["ReadonlyRootFilesystem"] is True
    assert container["MountPoints"] == [{"SourceVolume": "scratch", "ContainerPath": "/tmp"}]
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert not container.get("Privileged")
    environment = environment_of(container)
    assert environment["HOME"] == "/tmp"
    assert environment["PREFECT_HOME"].startswith("/tmp/")


def test_the_worker_runs_on_fargate_with_its_own_roles_and_without_a_shell() -> None:
    stack = infrastructure()
    definition = stack.properties("WorkerTaskDefinition")
    assert definition["RequiresCompatibilities"] == ["FARGATE"]
    assert (definition["Cpu"], definition["Memory"]) == ("512", "1024")
    assert (definition["TaskRoleArn"], definition["ExecutionRoleArn"]) == (
        "WorkerRole.Arn",
        "ExecutionRole.Arn",
    )
    service = stack.properties("WorkerService")
    assert service["EnableExecuteCommand"] is False
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
        "Enable": True,
        "Rollback": True,
    }
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network == {
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroups": ["TaskSecurityGroup.GroupId"],
        "AssignPublicIp": "DISABLED",
    }


# Alarms


def test_every_alarm_reaches_the_topic() -> None:
    alarms = infrastructure().of_type("AWS::CloudWatch::Alarm")
    assert set(alarms) == {"FailedRunsAlarm", "StaleLeasesAlarm", "DeadLettersAlarm", "SilentWorkerAlarm"}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == ["AlarmTopic"]
        assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize(
    ("metric", "alarm", "pattern"),
    [
        ("FailedRunsMetric", "FailedRunsAlarm", "{ $.Success = 0 }"),
        ("StaleLeasesMetric", "StaleLeasesAlarm", "{ $.StaleLeases >= 0 }"),
    ],
)
def test_figures_of_runs_are_counted_apart_for_each_environment(
    metric: str, alarm: str, pattern: str
) -> None:
    stack = infrastructure(Environment="prod")
    counted = stack.properties(metric)
    assert (counted["LogGroupName"], counted["FilterPattern"]) == ("ProcessorLogGroup", pattern)
    (made,) = counted["MetricTransformations"]
    watched = stack.properties(alarm)
    assert (made["MetricNamespace"], made["MetricName"]) == (watched["Namespace"], watched["MetricName"])
    assert watched["Namespace"] == "Techne/prod"


@pytest.mark.parametrize(
    ("alarm", "queue", "metric"),
    [
        ("DeadLettersAlarm", "EventsDeadLetterQueue", "ApproximateNumberOfMessagesVisible"),
        ("SilentWorkerAlarm", "EventsQueue", "ApproximateAgeOfOldestMessage"),
    ],
)
def test_queues_are_watched(alarm: str, queue: str, metric: str) -> None:
    watched = infrastructure().properties(alarm)
    assert watched["MetricName"] == metric
    assert watched["Dimensions"] == [{"Name": "QueueName", "Value": f"{queue}.QueueName"}]


def test_a_run_that_was_killed_is_told_of_and_one_that_was_cancelled_is_not() -> None:
    rule = infrastructure().properties("KilledTasksRule")
    never_started, ended = rule["EventPattern"]["detail"]["$or"]
    assert never_started == {"stopCode": ["TaskFailedToStart"]}
    assert ended["stopCode"] == ["EssentialContainerExited"]
    assert ended["containers"] == {"exitCode": [{"numeric": [">", 0]}]}
    assert rule["Targets"] == [{"Id": "alarms", "Arn": "AlarmTopic"}]


def test_the_account_has_a_monthly_budget() -> None:
    budget = infrastructure(MonthlyBudgetUsd="350").properties("MonthlyBudget")
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "350", "Unit": "USD"}
    spent, forecast = budget["NotificationsWithSubscribers"]
    assert (spent["Notification"]["NotificationType"], spent["Notification"]["Threshold"]) == ("ACTUAL", 80)
    assert (forecast["Notification"]["NotificationType"], forecast["Notification"]["Threshold"]) == (
        "FORECASTED",
        100,
    )
    for notification in (spent, forecast):
        assert notification["Subscribers"] == [{"SubscriptionType": "SNS", "Address": "AlarmTopic"}]


def test_the_topic_takes_messages_of_the_services_that_send_them() -> None:
    publishing = statements(infrastructure().properties("AlarmTopicPolicy")["PolicyDocument"])
    assert {service for statement in publishing for service in statement.principals} == {
        "budgets.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }
    assert {action for statement in publishing for action in statement.actions} == {"sns:Publish"}


def test_alarms_are_mailed_to_whoever_is_named() -> None:
    assert "Subscription" not in infrastructure().properties("AlarmTopic")
    topic = infrastructure(AlarmEmail="ops@example.org").properties("AlarmTopic")
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "ops@example.org"}]


def test_nothing_of_the_stack_holds_a_secret() -> None:
    text = json.dumps(infrastructure().resources)
    assert "{{resolve:" not in text
    assert "NoEcho" not in text
